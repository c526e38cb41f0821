package io.swiftjvm.backend.cpu;

import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of {@link CpuBackend} on parts of a tensor: each method does the items {@code [from, to)} of its
 * output (elements, rows or columns) and gives the same bits however the whole is cut. Arguments are checked by the
 * caller.
 */
interface Kernels {
  /** What these kernels are and why they were chosen. */
  String description();

  /** Elements. */
  void fill(MemorySegment x, float value, long from, long to);

  /** Elements, between the float types, those of 8 bits, too, and from blocks; tiles are widened by {@link #gatherRows}. */
  void cast(MemorySegment x, DType type, MemorySegment out, DType outType, long from, long to);

  /** Tiles or blocks of out, from a matrix of a float type; false if a weight is NaN or infinite. */
  boolean quantize(
      MemorySegment x, DType type, long rows, long columns, MemorySegment out, DType outType, long from, long to);

  /**
   * Rows {@code [m0, m1)}, columns {@code [n0, n1)} of {@code out (m,n) = alpha op(a) op(b) + beta out}. Bounds that
   * cut a matrix are multiples of {@link #TILE}, of rows by w^T in tiles of {@link #BYTE_TILE}.
   */
  void matmul(
      MemorySegment a, boolean transposeA, MemorySegment b, DType bType, boolean transposeB, MemorySegment out, long m,
      long n, long k, float alpha, float beta, long m0, long m1, long n0, long n1);

  /**
   * Floats that {@link #pack} writes for m rows and k of their columns; 0 = these kernels take rows only as they are.
   */
  default long packed(long m, long k) {
    return 0;
  }

  /**
   * Parts {@code [from, to)} of {@code parts} of columns {@code [first, last)} of rows a (m,k), in the order in which
   * {@link #matmulPacked} reads them; {@code first} is a multiple of {@link #DEPTH}.
   */
  default void pack(
      MemorySegment a, long m, long k, long first, long last, MemorySegment out, long from, long to, long parts) {
    throw new UnsupportedOperationException("these kernels take rows as they are");
  }

  /**
   * The share that columns {@code [first, last)} of a have in all rows of {@link #matmul}, columns {@code [n0, n1)}, for an a
   * whose columns were laid out by {@link #pack}. Called for all columns in turn it makes the bits of a single call.
   */
  default void matmulPacked(
      MemorySegment a, MemorySegment b, DType bType, boolean transposeB, MemorySegment out, long m, long n, long k,
      float alpha, float beta, long first, long last, long n0, long n1) {
    throw new UnsupportedOperationException("these kernels take rows as they are");
  }

  /** Slices of columns that are laid out begin at multiples of it. */
  int DEPTH = 1024;

  /** Columns of an output tile; see {@link #matmul}. */
  int TILE = 64;

  /** The same of rows that are rounded to bytes. */
  int BYTE_TILE = 16;

  /** Rows of a (rows,columns); b's element is at {@code row * bRow + column * bColumn}. */
  void binary(
      Binary op, MemorySegment a, MemorySegment b, MemorySegment out, long columns, long bRow, long bColumn, long from,
      long to);

  /** Elements. */
  void unary(Unary op, MemorySegment x, MemorySegment out, long from, long to);

  /** Elements. */
  void unaryBackward(Unary op, MemorySegment x, MemorySegment dy, MemorySegment dx, long from, long to);

  /** Elements. */
  void scale(MemorySegment x, float alpha, MemorySegment out, long from, long to);

  /** Elements. */
  void axpy(float alpha, MemorySegment x, MemorySegment y, long from, long to);

  /** Rows. */
  void reduceColumns(Reduction op, MemorySegment x, long columns, MemorySegment out, long from, long to);

  /** Columns. */
  void sumRows(MemorySegment x, long rows, long columns, MemorySegment out, float beta, long from, long to);

  /** Rows. */
  void softmax(MemorySegment x, long columns, MemorySegment out, long from, long to);

  /** Rows of out. */
  void gatherRows(
      MemorySegment table, DType type, long columns, @Nullable MemorySegment ids, MemorySegment out, long from,
      long to);

  /** Columns. */
  void scatterAddRows(
      MemorySegment rows, long n, long columns, MemorySegment ids, MemorySegment table, long from, long to);

  /** Bytes. */
  default void copy(MemorySegment x, MemorySegment out, long from, long to) {
    MemorySegment.copy(x, from, out, from, to - from);
  }

  /** Rows: {@code bytes} from byte {@code xAt} of each of x, rows of {@code xStride} bytes, to byte {@code outAt} of each of out. */
  default void copyColumns(
      MemorySegment x, long xStride, long xAt, MemorySegment out, long outStride, long outAt, long bytes, long from,
      long to) {
    for (long r = from; r < to; r++) {
      MemorySegment.copy(x, r * xStride + xAt, out, r * outStride + outAt, bytes);
    }
  }

  /** Rows, to those rows of a table that the ids say; false if a value is NaN or infinite and the table has no place for it. */
  default boolean scatterRows(
      MemorySegment rows, long columns, MemorySegment ids, MemorySegment table, DType type, long from, long to) {
    long bytes = type.bytes(columns);
    boolean numbers = true;
    for (long r = from; r < to; r++) {
      long at = Scalars.id(ids, r) * bytes;
      if (type == DType.F32) {
        MemorySegment.copy(rows, r * bytes, table, at, bytes);
      } else {
        numbers &= quantize(rows.asSlice(r * columns * Float.BYTES), DType.F32, 1, columns, table.asSlice(at, bytes), type, 0,
            columns / type.block());
      }
    }
    return numbers;
  }

  /** Rows of x, as {@link Scalars#argmax} has it. */
  default void argmax(MemorySegment x, long columns, MemorySegment out, long from, long to) {
    for (long r = from; r < to; r++) {
      out.set(ValueLayout.JAVA_INT_UNALIGNED, r * Integer.BYTES, Scalars.argmax(x, r * columns, columns));
    }
  }

  /** Sum over the elements. */
  double sumSquares(MemorySegment x, long from, long to);

  /** Over the elements. */
  boolean isFinite(MemorySegment x, long from, long to);

  /** Elements. */
  void dropout(MemorySegment x, float p, long key, MemorySegment out, long from, long to);

  /** Rows. */
  void rmsNorm(
      MemorySegment x, MemorySegment w, DType type, float shift, float eps, MemorySegment y,
      @Nullable MemorySegment rstd, long columns, long from, long to);

  /** Rows of dx. */
  void rmsNormBackward(
      MemorySegment x, MemorySegment w, DType type, float shift, MemorySegment rstd, MemorySegment dy, MemorySegment dx,
      long columns, long from, long to);

  /** Columns of dw, which is added to. */
  void rmsNormWeights(
      MemorySegment x, MemorySegment rstd, MemorySegment dy, MemorySegment dw, long rows, long columns, long from,
      long to);

  /** Rows of x (n,heads,headDim); half = cos.columns(). */
  void rope(
      MemorySegment x, long heads, long headDim, MemorySegment cos, MemorySegment sin, long half, boolean interleaved,
      boolean inverse, MemorySegment out, long from, long to);

  /** Elements. */
  void gated(Unary act, MemorySegment gate, MemorySegment up, MemorySegment out, long from, long to);

  /** Elements. */
  void gatedBackward(
      Unary act, MemorySegment gate, MemorySegment up, MemorySegment dout, MemorySegment dgate, MemorySegment dup,
      long from, long to);

  /**
   * Queries {@code [from, to)} of one sequence, for {@code heads} query heads from {@code head} on that share a key head;
   * k and v are of {@code type}.
   */
  void attention(
      MemorySegment q, MemorySegment k, MemorySegment v, DType type, AttentionSpec spec, Sequence sequence, int head,
      int heads, MemorySegment out, @Nullable MemorySegment lse, long from, long to);

  /** One sequence, one key head: adds to its columns of dk and dv, writes those of dq of its query heads. */
  void attentionBackward(
      MemorySegment q, MemorySegment k, MemorySegment v, AttentionSpec spec, Sequence sequence, int kvHead,
      MemorySegment out, MemorySegment lse, MemorySegment dout, MemorySegment dq, MemorySegment dk, MemorySegment dv);

  /** Rows. */
  void crossEntropy(
      MemorySegment logits, long columns, MemorySegment labels, MemorySegment nll, @Nullable MemorySegment gradScale,
      long from, long to);

  /** Elements. */
  void adamW(MemorySegment p, MemorySegment g, MemorySegment m, MemorySegment v, AdamStep step, long from, long to);

  /**
   * One of {@link io.swiftjvm.backend.Segments}, with the rows of all queries together; with {@code pages}, int32, key j
   * lies in row {@code pages[j / page] * page + j % page}, else in row {@code kStart + j}.
   */
  record Sequence(
      long queries, long qStart, long qLength, long kStart, long kLength, @Nullable MemorySegment pages, int page) {
    /** The row of key {@code j}. */
    long row(long j) {
      return pages == null ? kStart + j
          : (long) pages.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, j / page) * page + j % page;
    }
  }
}
