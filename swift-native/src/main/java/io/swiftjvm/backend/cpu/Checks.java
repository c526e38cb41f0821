package io.swiftjvm.backend.cpu;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** What must hold before a kernel touches memory; a kernel itself checks nothing. */
final class Checks {
  /** Elements of the widest vector: a kernel takes that many of a block at once. */
  static final int VECTOR = 16;

  private Checks() {}

  static void require(boolean holds, String what, @Nullable Object... found) {
    if (!holds) {
      throw new IllegalArgumentException(String.format(what, found) + ": the shapes do not fit");
    }
  }

  /** The memory of any tensor. */
  static MemorySegment memory(Tensor t) {
    MemorySegment segment = t.segment();
    if (!segment.isNative()) {
      throw new IllegalArgumentException("the memory of " + t + " is on the Java heap; upload it into a tensor");
    }
    return segment;
  }

  /** The memory of a float32 tensor. */
  static MemorySegment floats(Tensor t) {
    if (t.dtype() != DType.F32) {
      throw new IllegalArgumentException("a float32 tensor is needed, got " + t);
    }
    return memory(t);
  }

  /** The memory of a tensor of float32, bf16 or fp16. */
  static MemorySegment plain(Tensor t) {
    if (!t.dtype().isFloat()) {
      throw new IllegalArgumentException("a tensor of float32, bf16 or fp16 is needed, got " + t);
    }
    return memory(t);
  }

  /** The memory of a tensor of float32, bf16, fp16, of tiles, or of blocks if rows are whole vectors. */
  static MemorySegment weights(Tensor t) {
    if (!t.dtype().isQuantised()) {
      return plain(t);
    }
    if (t.dtype().tileRows() == 1 && t.columns() % VECTOR != 0) {
      throw new IllegalArgumentException("quantised weights need a multiple of " + VECTOR + " columns, got " + t);
    }
    return memory(t);
  }

  static void sameSize(Tensor a, Tensor b) {
    if (a.size() != b.size()) {
      throw new IllegalArgumentException("sizes differ: " + a + " and " + b);
    }
  }

  /** Every id is below the limit; negative ones only where they mean "none". */
  static void ids(Tensor ids, long limit, boolean negativeAllowed) {
    if (ids.dtype() != DType.I32) {
      throw new IllegalArgumentException("ids must be int32, got " + ids);
    }
    MemorySegment s = memory(ids);
    for (long i = 0; i < ids.size(); i++) {
      int id = s.get(ValueLayout.JAVA_INT_UNALIGNED, i * Integer.BYTES);
      if (id >= limit || (id < 0 && !negativeAllowed)) {
        throw new IllegalArgumentException("id " + id + " at position " + i + " is outside 0 .. " + (limit - 1));
      }
    }
  }

  static void activation(Unary op) {
    switch (op) {
      case RELU, SIGMOID, TANH, SILU, GELU, GELU_TANH -> {}
      default -> throw new IllegalArgumentException(op + " is not an activation: RELU, SIGMOID, TANH, SILU, GELU, "
          + "GELU_TANH are");
    }
  }

  static void attention(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, @Nullable Tensor lse) {
    long nq = q.dim(0);
    long nk = k.dim(0);
    require(
        q.size() == nq * spec.heads() * spec.headDim() && k.size() == nk * spec.kvHeads() * spec.headDim()
            && v.size() == nk * spec.kvHeads() * spec.valueDim() && out.size() == nq * spec.heads() * spec.valueDim()
            && (lse == null || lse.size() == nq * spec.heads()),
        "attention %s of q %s, k %s, v %s, out %s, lse %s", spec, q, k, v, out, lse);
    boolean quantised = k.dtype() == DType.Q8_BLOCK && v.dtype() == DType.Q8_BLOCK && spec.headDim() % DType.Q8_BLOCK.block() == 0
        && spec.valueDim() % DType.Q8_BLOCK.block() == 0;
    if (!quantised && (k.dtype() != DType.F32 || v.dtype() != DType.F32)) {
      throw new IllegalArgumentException("keys and values are float32, or q8 with heads of a multiple of "
          + DType.Q8_BLOCK.block() + ", got " + k + " and " + v);
    }
    Segments.Pages pages = segments.pages();
    if (pages != null) {
      ids(pages.table(), nk / pages.size(), false);
    }
    for (int s = 0; s < segments.count(); s++) {
      long qEnd = (long) segments.qStart()[s] + segments.qLength()[s];
      long kEnd = (long) segments.kStart()[s] + (pages == null ? segments.kLength()[s] : segments.pageCount(s));
      long room = pages == null ? nk : pages.table().size();
      require(qEnd <= nq && kEnd <= room, "segment %s ends at query %s of %s, key %s of %s", s, qEnd, nq, kEnd, room);
    }
  }
}
