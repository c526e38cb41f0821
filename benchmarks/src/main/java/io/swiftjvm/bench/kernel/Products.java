package io.swiftjvm.bench.kernel;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.util.Map;
import java.util.TreeMap;

/** Matrix products of every weight format and attention, in the shapes of Qwen3-0.6B. */
final class Products {
  private static final DType[] FORMATS = {DType.F32, DType.BF16, DType.F16, DType.Q8, DType.Q8_128_ZERO, DType.Q6, DType.Q4,
      DType.Q4_64, DType.Q4_128, DType.Q4_ZERO, DType.NF4};

  private Products() {}

  static Map<String, Bench> all() {
    Map<String, Bench> all = new TreeMap<>();
    for (DType type : FORMATS) {
      String name = type.shortName();
      for (int m : new int[] {1, 8, 512}) {
        all.put("matmul_%s_%03d".formatted(name, m), t -> product(t, m, 3072, 1024, type));
      }
      if (type.isQuantised()) {
        all.put("quantize_" + name, t -> {
          Tensor x = t.floats(3072, 1024);
          Tensor y = t.scope().tensor(type, 3072, 1024);
          return new Work(0, x.bytes() + y.bytes(), () -> t.backend().quantize(x, y));
        });
      }
    }
    all.put("matmul_input_gradient_bf16", t -> gradient(t, DType.BF16));
    all.put("matmul_input_gradient_nf4", t -> gradient(t, DType.NF4));
    all.put("matmul_weight_gradient", t -> {
      Tensor dy = t.floats(512, 3072);
      Tensor x = t.floats(512, 1024);
      Tensor dw = t.floats(3072, 1024);
      return new Work(2.0 * 512 * 3072 * 1024, dy.bytes() + x.bytes() + dw.bytes(),
          () -> t.backend().matmul(dy, true, x, false, dw, 1, 0));
    });
    all.put("matmul_lora_down", t -> product(t, 512, 8, 1024, DType.F32));
    all.put("matmul_lora_up", t -> product(t, 512, 3072, 8, DType.F32));
    AttentionSpec spec = new AttentionSpec(16, 8, 128, 128, 0.088f, 0, 0);
    all.put("attention_forward", t -> attention(t, spec, 512, false));
    all.put("attention_backward", t -> attention(t, spec, 512, true));
    all.put("attention_decode_1024", t -> decode(t, spec, false));
    all.put("attention_decode_1024_q8", t -> decode(t, spec, true));
    return all;
  }

  private static Work product(Inputs t, int m, int n, int k, DType type) {
    Tensor x = t.floats(m, k);
    Tensor w = t.weights(type, n, k);
    Tensor y = t.floats(m, n);
    return new Work(2.0 * m * n * k, x.bytes() + w.bytes() + y.bytes(), () -> t.backend().matmul(x, false, w, true, y, 1, 0));
  }

  private static Work gradient(Inputs t, DType type) {
    Tensor dy = t.floats(512, 3072);
    Tensor w = t.weights(type, 3072, 1024);
    Tensor dx = t.floats(512, 1024);
    return new Work(2.0 * 512 * 3072 * 1024, dy.bytes() + w.bytes() + dx.bytes(),
        () -> t.backend().matmul(dy, false, w, false, dx, 1, 0));
  }

  private static Work attention(Inputs t, AttentionSpec spec, int n, boolean backward) {
    Backend b = t.backend();
    Tensor q = t.floats(n, 16 * 128);
    Tensor k = t.floats(n, 8 * 128);
    Tensor v = t.floats(n, 8 * 128);
    Tensor out = t.floats(n, 16 * 128);
    Tensor lse = t.floats(16, n);
    Segments packed = Segments.packed(0, n);
    double forward = 2.0 * 16 * 128 * n * (n + 1);
    if (!backward) {
      return new Work(forward, 2 * (q.bytes() + k.bytes()), () -> b.attention(q, k, v, spec, packed, out, lse));
    }
    Tensor dq = t.floats(n, 16 * 128);
    Tensor dk = t.floats(n, 8 * 128);
    Tensor dv = t.floats(n, 8 * 128);
    b.attention(q, k, v, spec, packed, out, lse);
    return new Work(2.5 * forward, 4 * (q.bytes() + k.bytes()),
        () -> b.attentionBackward(q, k, v, spec, packed, out, lse, q, dq, dk, dv));
  }

  private static Work decode(Inputs t, AttentionSpec spec, boolean bytes) {
    Tensor q = t.floats(1, 16 * 128);
    Tensor k = bytes ? t.weights(DType.Q8_BLOCK, 1024, 8 * 128) : t.floats(1024, 8 * 128);
    Tensor v = bytes ? t.weights(DType.Q8_BLOCK, 1024, 8 * 128) : t.floats(1024, 8 * 128);
    Tensor out = t.floats(1, 16 * 128);
    Segments last = new Segments(new int[] {0}, new int[] {1}, new int[] {0}, new int[] {1024});
    return new Work(4.0 * 16 * 128 * 1024, k.bytes() + v.bytes(),
        () -> t.backend().attention(q, k, v, spec, last, out, null));
  }
}
