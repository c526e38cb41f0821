package io.swiftjvm.backend;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** What must hold of shapes and types before a kernel of any device runs; a kernel itself checks nothing. */
public final class Shapes {
  private Shapes() {}

  /** Throws with the tensors' shapes unless it holds. */
  public static void require(boolean holds, String what, @Nullable Object... found) {
    if (!holds) {
      throw new IllegalArgumentException(String.format(what, found) + ": the shapes do not fit");
    }
  }

  /** Each tensor is of float32. */
  public static void allFloats(Tensor... tensors) {
    for (Tensor t : tensors) {
      floats(t);
    }
  }

  /** The sizes of a product: {@code out (m,n) = op(a) (m,k) op(b) (k,n)}. */
  public record Product(long m, long n, long k) {}

  /** The sizes of a product whose operands fit. */
  public static Product product(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out) {
    require(a.rank() == 2 && b.rank() == 2 && out.rank() == 2, "matmul needs matrices, got %s, %s, %s", a, b, out);
    long m = a.dim(transposeA ? 1 : 0);
    long k = a.dim(transposeA ? 0 : 1);
    long n = b.dim(transposeB ? 0 : 1);
    require(b.dim(transposeB ? 1 : 0) == k && out.dim(0) == m && out.dim(1) == n,
        "matmul of %s%s and %s%s into %s", a, transposeA ? "^T" : "", b, transposeB ? "^T" : "", out);
    return new Product(m, n, k);
  }

  /** The operands of {@link Backend#scatterRows}. */
  public static void scatter(Tensor rows, Tensor ids, Tensor table) {
    require(table.rank() == 2 && table.columns() == rows.columns() && ids.size() == rows.rows(),
        "scatter of %s at ids %s into %s", rows, ids, table);
    floats(rows);
    if (table.dtype() != DType.F32 && table.dtype() != DType.Q8_BLOCK) {
      throw new IllegalArgumentException("rows are scattered into float32 or q8_block, got " + table);
    }
  }

  /** How the second operand of {@link Backend#binary} meets the rows and columns of the first. */
  public enum Second {
    /** Element by element. */
    SAME,
    /** One value for all. */
    ONE,
    /** One row for all rows. */
    ROW,
    /** One value for each row. */
    COLUMN;

    /** The one that fits. */
    public static Second of(Binary op, Tensor a, Tensor b, Tensor out) {
      sameSize(a, out);
      if (b.size() == a.size()) {
        return SAME;
      } else if (b.size() == 1) {
        return ONE;
      } else if (b.size() == a.columns() && b.columns() == a.columns()) {
        return ROW;
      }
      require(b.size() == a.rows() && b.columns() == 1, "%s of %s and %s", op, a, b);
      return COLUMN;
    }

    /** Rows and columns of the second operand as a matrix. */
    public long[] shape(Tensor a) {
      return new long[] {this == SAME || this == COLUMN ? a.rows() : 1, this == SAME || this == ROW ? a.columns() : 1};
    }
  }

  /** Elements from one index of each dimension to the next, the last dimension's neighbours being neighbours. */
  public static long[] rowMajor(long... shape) {
    long[] strides = new long[shape.length];
    long next = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = next;
      next *= shape[i];
    }
    return strides;
  }

  /** Both have as many elements. */
  public static void sameSize(Tensor a, Tensor b) {
    if (a.size() != b.size()) {
      throw new IllegalArgumentException("sizes differ: " + a + " and " + b);
    }
  }

  /** The tensor, which must be float32. */
  public static Tensor floats(Tensor t) {
    if (t.dtype() != DType.F32) {
      throw new IllegalArgumentException("a float32 tensor is needed, got " + t);
    }
    return t;
  }

  /** The function has a derivative in {@link Backend#unaryBackward}. */
  public static void activation(Unary op) {
    switch (op) {
      case RELU, SIGMOID, TANH, SILU, GELU, GELU_TANH -> {}
      default -> throw new IllegalArgumentException(op + " is not an activation: RELU, SIGMOID, TANH, SILU, GELU, "
          + "GELU_TANH are");
    }
  }

  /** Everything about {@link Backend#attention} but the numbers in the page table. */
  public static void attention(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, @Nullable Tensor lse) {
    long nq = q.dim(0);
    long nk = k.dim(0);
    require(
        q.size() == nq * spec.heads() * spec.headDim() && k.size() == nk * spec.kvHeads() * spec.headDim()
            && v.size() == nk * spec.kvHeads() * spec.valueDim() && out.size() == nq * spec.heads() * spec.valueDim()
            && (lse == null || lse.size() == nq * spec.heads()),
        "attention %s of q %s, k %s, v %s, out %s, lse %s", spec, q, k, v, out, lse);
    int block = DType.Q8_BLOCK.block();
    boolean quantised = k.dtype() == DType.Q8_BLOCK && v.dtype() == DType.Q8_BLOCK && spec.headDim() % block == 0
        && spec.valueDim() % block == 0;
    if (!quantised && (k.dtype() != DType.F32 || v.dtype() != DType.F32)) {
      throw new IllegalArgumentException("keys and values are float32, or q8 with heads of a multiple of " + block
          + ", got " + k + " and " + v);
    }
    Segments.Pages pages = segments.pages();
    for (int s = 0; s < segments.count(); s++) {
      long qEnd = (long) segments.qStart()[s] + segments.qLength()[s];
      long kEnd = (long) segments.kStart()[s] + (pages == null ? segments.kLength()[s] : segments.pageCount(s));
      long room = pages == null ? nk : pages.table().size();
      require(qEnd <= nq && kEnd <= room, "segment %s ends at query %s of %s, key %s of %s", s, qEnd, nq, kEnd, room);
    }
  }

  /** {@link Backend#argmax}: one int32 for each row of float32. */
  public static void argmax(Tensor x, Tensor out) {
    // of every step of decoding: an array for a message that is not needed would be the only thing it allocates
    if (floats(x).rank() != 2 || out.dtype() != DType.I32 || out.size() != x.rows()) {
      require(false, "argmax of %s into %s", x, out);
    }
  }
}
