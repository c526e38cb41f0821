package io.swiftjvm.nn;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.tensor.Tensor;

/** What the attention of a pass looks at: the rows of a packed batch, or the blocks of a KV cache. */
public interface AttentionContext {
  /**
   * Attention of layer {@code layer}: q (n,heads,headDim), k (n,kvHeads,headDim), v (n,kvHeads,valueDim), rotated
   * already; result (n, heads*valueDim).
   */
  Tensor attend(Ops ops, int layer, Tensor q, Tensor k, Tensor v, AttentionSpec spec);

  /** Rows that stand one behind the other and do not see each other: {@code cuSeqlens = [0, n0, n0+n1, ...]}. */
  static AttentionContext packed(int... cuSeqlens) {
    Segments segments = Segments.packed(cuSeqlens);
    return (ops, layer, q, k, v, spec) -> ops.attention(q, k, v, spec, segments);
  }
}
