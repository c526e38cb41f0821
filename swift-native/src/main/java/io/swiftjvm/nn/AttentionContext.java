package io.swiftjvm.nn;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Recurrence;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a pass looks at: the rows of a packed batch, or texts that are being continued, with their caches. */
public interface AttentionContext {
  /**
   * Attention of layer {@code layer}: q (n,heads,headDim), k (n,kvHeads,headDim), v (n,kvHeads,valueDim), rotated
   * already; sinks (heads) or null; result (n, heads*valueDim).
   */
  Tensor attend(
      Ops ops, int layer, Tensor q, Tensor k, Tensor v, AttentionSpec spec, @Nullable Tensor sinks);

  /**
   * The texts of the pass for something that carries a state from row to row.
   *
   * @param key which of the states of a text, the same in every pass
   * @param size elements of the state
   */
  List<Recurrence> recurrences(int key, long size);

  /** Rows that stand one behind the other and do not see each other: {@code cuSeqlens = [0, n0, n0+n1, ...]}. */
  static AttentionContext packed(int... cuSeqlens) {
    Segments segments = Segments.packed(cuSeqlens);
    List<Recurrence> runs = new ArrayList<>();
    for (int i = 0; i < segments.count(); i++) {
      runs.add(new Recurrence(segments.qStart()[i], segments.qLength()[i], null, null));
    }
    return new AttentionContext() {
      @Override
      public Tensor attend(
          Ops ops, int layer, Tensor q, Tensor k, Tensor v, AttentionSpec spec, @Nullable Tensor sinks) {
        return ops.attention(q, k, v, spec, segments, sinks);
      }

      @Override
      public List<Recurrence> recurrences(int key, long size) {
        return runs;
      }
    };
  }
}
