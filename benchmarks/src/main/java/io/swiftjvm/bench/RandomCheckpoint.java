package io.swiftjvm.bench;

import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.tensor.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * Writes a Qwen3-shaped checkpoint with random bf16 weights (normal, std 0.02): the shape of Qwen3-0.6B by default,
 * 596 M
 * parameters, 1.2 GB. Its answers mean nothing; loading, memory and speed are those of the real one. The tokenizer
 * files
 * come from another folder.
 *
 * <pre>java -cp 'swift-api/target/swift/lib/*:benchmarks/target/classes' io.swiftjvm.bench.RandomCheckpoint OUT
 * TOKENIZER_DIR [LAYERS [VOCABULARY]]</pre>
 */
public final class RandomCheckpoint {
  private static final int HIDDEN = 1024;
  private static final int ALL_LAYERS = 28;
  private static final int HEADS = 16;
  private static final int KV_HEADS = 8;
  private static final int HEAD_DIM = 128;
  private static final int MLP = 3072;
  private static final int VOCABULARY = 151_936;

  private final SplittableRandom random = new SplittableRandom(7);
  private final SafetensorsWriter writer = new SafetensorsWriter();
  private final Arena arena;

  private RandomCheckpoint(Arena arena) {
    this.arena = arena;
  }

  /** Arguments: the folder to make, a folder with tokenizer.json and tokenizer_config.json, the layers if not 28,
   * the size of the vocabulary if not that of Qwen3. */
  public static void main(String[] args) throws IOException {
    if (args.length < 2) {
      throw new IllegalArgumentException("usage: RandomCheckpoint OUT TOKENIZER_DIR [LAYERS [VOCABULARY]]");
    }
    int layers = args.length > 2 ? Integer.parseInt(args[2]) : ALL_LAYERS;
    int vocabulary = args.length > 3 ? Integer.parseInt(args[3]) : VOCABULARY;
    Path out = Path.of(args[0]);
    Files.createDirectories(out);
    for (String file : new String[] {"tokenizer.json", "tokenizer_config.json"}) {
      Files.write(out.resolve(file), Files.readAllBytes(Path.of(args[1], file)));
    }
    Files.writeString(out.resolve("config.json"), config(layers, vocabulary));
    try (Arena arena = Arena.ofShared()) {
      RandomCheckpoint checkpoint = new RandomCheckpoint(arena);
      checkpoint.fill(layers, vocabulary);
      checkpoint.writer.write(out.resolve("model.safetensors"));
    }
  }

  private static String config(int layers, int vocabulary) {
    return """
        {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "torch_dtype": "bfloat16", "vocab_size": %d,
         "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
         "num_key_value_heads": %d, "head_dim": %d, "hidden_act": "silu", "rms_norm_eps": 1e-06,
         "rope_theta": 1000000, "max_position_embeddings": 40960, "tie_word_embeddings": true,
         "attention_bias": false, "use_sliding_window": false, "sliding_window": null, "eos_token_id": 1}
        """.formatted(vocabulary, HIDDEN, MLP, layers, HEADS, KV_HEADS, HEAD_DIM);
  }

  private void fill(int layers, int vocabulary) {
    weight("model.embed_tokens.weight", vocabulary, HIDDEN);
    for (int i = 0; i < layers; i++) {
      String at = "model.layers." + i + ".";
      weight(at + "self_attn.q_proj.weight", HEADS * HEAD_DIM, HIDDEN);
      weight(at + "self_attn.k_proj.weight", KV_HEADS * HEAD_DIM, HIDDEN);
      weight(at + "self_attn.v_proj.weight", KV_HEADS * HEAD_DIM, HIDDEN);
      weight(at + "self_attn.o_proj.weight", HIDDEN, HEADS * HEAD_DIM);
      weight(at + "mlp.gate_proj.weight", MLP, HIDDEN);
      weight(at + "mlp.up_proj.weight", MLP, HIDDEN);
      weight(at + "mlp.down_proj.weight", HIDDEN, MLP);
      ones(at + "self_attn.q_norm.weight", HEAD_DIM);
      ones(at + "self_attn.k_norm.weight", HEAD_DIM);
      ones(at + "input_layernorm.weight", HIDDEN);
      ones(at + "post_attention_layernorm.weight", HIDDEN);
    }
    ones("model.norm.weight", HIDDEN);
  }

  private void weight(String name, int rows, int columns) {
    MemorySegment data = arena.allocate((long) rows * columns * Short.BYTES, 64);
    for (long i = 0; i < (long) rows * columns; i++) {
      data.setAtIndex(ValueLayout.JAVA_SHORT, i, bf16((float) (0.02 * normal())));
    }
    writer.add(name, DType.BF16, new long[] {rows, columns}, data);
  }

  private void ones(String name, int size) {
    MemorySegment data = arena.allocate((long) size * Short.BYTES, 64);
    for (int i = 0; i < size; i++) {
      data.setAtIndex(ValueLayout.JAVA_SHORT, i, bf16(1));
    }
    writer.add(name, DType.BF16, new long[] {size}, data);
  }

  /** Sum of four uniforms, scaled to variance 1: near enough to normal for weights, and quick. */
  private double normal() {
    long bits = random.nextLong();
    int sum = (int) (bits & 0xffff) + (int) (bits >>> 16 & 0xffff) + (int) (bits >>> 32 & 0xffff) + (int) (bits >>> 48);
    return (sum / 65536.0 - 2) * Math.sqrt(3);
  }

  private static short bf16(float value) {
    return (short) (Float.floatToRawIntBits(value) + 0x8000 >>> 16);
  }
}
