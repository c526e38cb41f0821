package io.swiftjvm.bench.tiny;

import io.swiftjvm.hub.SafetensorsWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Writes the first weights of swift-tiny: float32, normal with standard deviation 0.02, norms 1. The same seed gives
 * the same file.
 *
 * <pre>TinyInit MODEL_DIR [SEED]</pre>
 */
public final class TinyInit {
  static final double STD = 0.02;

  private final SplittableRandom random;
  private final SafetensorsWriter writer = new SafetensorsWriter();

  private TinyInit(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Writes {@code model.safetensors} into the folder. */
  public static void main(String[] args) {
    TinyInit init = new TinyInit(args.length > 1 ? Long.parseLong(args[1]) : 42);
    init.fill();
    init.writer.write(Path.of(args[0]).resolve("model.safetensors"));
  }

  private void fill() {
    int hidden = TinyShape.HIDDEN;
    int queries = TinyShape.HEADS * TinyShape.HEAD_DIM;
    int keys = TinyShape.KV_HEADS * TinyShape.HEAD_DIM;
    normal("model.embed_tokens", TinyShape.VOCABULARY, hidden);
    for (int layer = 0; layer < TinyShape.LAYERS; layer++) {
      String name = "model.layers." + layer + ".";
      ones(name + "input_layernorm", hidden);
      normal(name + "self_attn.q_proj", queries, hidden);
      normal(name + "self_attn.k_proj", keys, hidden);
      normal(name + "self_attn.v_proj", keys, hidden);
      normal(name + "self_attn.o_proj", hidden, queries);
      ones(name + "self_attn.q_norm", TinyShape.HEAD_DIM);
      ones(name + "self_attn.k_norm", TinyShape.HEAD_DIM);
      ones(name + "post_attention_layernorm", hidden);
      normal(name + "mlp.gate_proj", TinyShape.MLP, hidden);
      normal(name + "mlp.up_proj", TinyShape.MLP, hidden);
      normal(name + "mlp.down_proj", hidden, TinyShape.MLP);
    }
    ones("model.norm", hidden);
  }

  private void normal(String name, int out, int in) {
    float[] values = new float[out * in];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (STD * random.nextGaussian());
    }
    writer.add(name + ".weight", new long[] {out, in}, values);
  }

  private void ones(String name, int size) {
    float[] values = new float[size];
    Arrays.fill(values, 1f);
    writer.add(name + ".weight", new long[] {size}, values);
  }
}
