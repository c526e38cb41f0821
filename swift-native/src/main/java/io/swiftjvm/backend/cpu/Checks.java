package io.swiftjvm.backend.cpu;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Shapes;
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
    return memory(Shapes.floats(t));
  }

  /** The memory of a tensor of float32, bf16 or fp16. */
  static MemorySegment plain(Tensor t) {
    if (!t.dtype().isFloat()) {
      throw new IllegalArgumentException("a tensor of float32, bf16 or fp16 is needed, got " + t);
    }
    return memory(t);
  }

  /** The memory of a tensor of a type that can be converted to. */
  static MemorySegment target(Tensor t) {
    return t.dtype().isFloat8() ? memory(t) : plain(t);
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

  static void attention(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, @Nullable Tensor lse) {
    Shapes.attention(q, k, v, spec, segments, out, lse);
    Segments.Pages pages = segments.pages();
    if (pages != null) {
      ids(pages.table(), k.dim(0) / pages.size(), false);
    }
  }
}
