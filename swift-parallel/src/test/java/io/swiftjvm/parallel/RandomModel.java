package io.swiftjvm.parallel;

import io.swiftjvm.hub.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * A small random Qwen3 or Llama of any shape.
 *
 * @param llama a Llama, which has no norms of queries and keys
 * @param hidden width of the residual stream
 * @param layers blocks
 * @param heads query heads of 32 columns, half as many for keys
 * @param mlp width of the feed-forward part
 * @param vocabulary rows of the table of tokens, which is also the output projection
 */
record RandomModel(boolean llama, int hidden, int layers, int heads, int mlp, int vocabulary) {
  private static final int HEAD = 32;

  RandomModel(int hidden, int layers, int heads, int mlp, int vocabulary) {
    this(false, hidden, layers, heads, mlp, vocabulary);
  }

  /** Writes config.json into {@code folder} and, unless told otherwise, weights. */
  Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), """
        {"architectures": ["%s"], "model_type": "%s", "torch_dtype": "float32", "vocab_size": %d,
         "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
         "num_key_value_heads": %d, "head_dim": %d, "hidden_act": "silu", "rms_norm_eps": 1e-06,
         "rope_theta": 1000000, "max_position_embeddings": 4096, "tie_word_embeddings": true,
         "attention_bias": false, "use_sliding_window": false, "sliding_window": null, "eos_token_id": 1}
        """.formatted(llama ? "LlamaForCausalLM" : "Qwen3ForCausalLM", llama ? "llama" : "qwen3", vocabulary, hidden, mlp, layers, heads, heads / 2, HEAD));
    SafetensorsWriter out = new SafetensorsWriter();
    weight(out, "model.embed_tokens", vocabulary, hidden);
    for (int i = 0; i < layers; i++) {
      String at = "model.layers." + i + ".";
      weight(out, at + "self_attn.q_proj", heads * HEAD, hidden);
      weight(out, at + "self_attn.k_proj", heads / 2 * HEAD, hidden);
      weight(out, at + "self_attn.v_proj", heads / 2 * HEAD, hidden);
      weight(out, at + "self_attn.o_proj", hidden, heads * HEAD);
      weight(out, at + "mlp.gate_proj", mlp, hidden);
      weight(out, at + "mlp.up_proj", mlp, hidden);
      weight(out, at + "mlp.down_proj", hidden, mlp);
      if (!llama) {
        norm(out, at + "self_attn.q_norm", HEAD);
        norm(out, at + "self_attn.k_norm", HEAD);
      }
      norm(out, at + "input_layernorm", hidden);
      norm(out, at + "post_attention_layernorm", hidden);
    }
    norm(out, "model.norm", hidden);
    out.write(folder.resolve("model.safetensors"));
    return folder;
  }

  private static void weight(SafetensorsWriter out, String name, int rows, int columns) {
    SplittableRandom random = new SplittableRandom(name.hashCode());
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.07 * (random.nextDouble() - 0.5));
    }
    out.add(name + ".weight", new long[] {rows, columns}, values);
  }

  private static void norm(SafetensorsWriter out, String name, int size) {
    float[] ones = new float[size];
    java.util.Arrays.fill(ones, 1);
    out.add(name + ".weight", new long[] {size}, ones);
  }
}
