package io.swiftjvm.backend;

import io.swiftjvm.tensor.Tensor;
import org.jspecify.annotations.Nullable;
/** x. */
final class Composed {
  private Composed() {}
  static void rmsNorm(Backend b, Tensor x, Tensor w, float shift, float eps, Tensor y, @Nullable Tensor rstd) {}
  static void rmsNormBackward(Backend b, Tensor x, Tensor w, float shift, Tensor rstd, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dw) {}
  static void rope(Backend b, Tensor x, Tensor cos, Tensor sin, boolean interleaved, boolean inverse, Tensor out) {}
  static void gated(Backend b, Unary act, Tensor gate, Tensor up, Tensor out) {}
  static void gatedBackward(Backend b, Unary act, Tensor gate, Tensor up, Tensor dout, Tensor dgate, Tensor dup) {}
  static void attention(Backend b, Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, @Nullable Tensor lse) {}
  static void attentionBackward(Backend b, Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, Tensor lse, Tensor dout, Tensor dq, Tensor dk, Tensor dv) {}
  static void crossEntropy(Backend b, Tensor logits, Tensor labels, Tensor nll, @Nullable Tensor gradScale) {}
  static void adamW(Backend b, Tensor p, Tensor g, Tensor m, Tensor v, AdamStep step) {}
}
