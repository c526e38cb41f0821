package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Tensor;

/** Differentiable products of matrices, of stacks of matrices, and of rows with a block-diagonal matrix. */
public final class Matrices {
  private Matrices() {}

  /** {@code a b}: (m,k) (k,n) -> (m,n), all float32. */
  public static Tensor multiply(Ops ops, Tensor a, Tensor b) {
    return multiply(ops, a, false, b, false);
  }

  /** {@code op(a) op(b)}, op = transpose where asked. */
  public static Tensor multiply(Ops ops, Tensor a, boolean transposeA, Tensor b, boolean transposeB) {
    Tensor stack = stacked(ops, a);
    return ops.reshape(multiplyAll(ops, stack, transposeA, stacked(ops, b), transposeB),
        transposeA ? a.dim(1) : a.dim(0), transposeB ? b.dim(0) : b.dim(1));
  }

  /** {@code op(a[i]) op(b[i])} for stacks (count,m,k) (count,k,n) -> (count,m,n). */
  public static Tensor multiplyAll(Ops ops, Tensor a, boolean transposeA, Tensor b, boolean transposeB) {
    Backend backend = ops.backend();
    long count = a.dim(0);
    Tensor y = ops.floats(count, a.dim(transposeA ? 2 : 1), b.dim(transposeB ? 1 : 2));
    for (long i = 0; i < count; i++) {
      backend.matmul(at(a, i), transposeA, at(b, i), transposeB, at(y, i), 1, 0);
    }
    return ops.track(a.requiresGrad() || b.requiresGrad(), y, (dy, into, s) -> {
      Tensor d = dy.view(y.shape());
      if (a.requiresGrad()) {
        Tensor da = s.floats(a.shape());
        for (long i = 0; i < count; i++) {
          if (transposeA) {
            backend.matmul(at(b, i), transposeB, at(d, i), true, at(da, i), 1, 0);
          } else {
            backend.matmul(at(d, i), false, at(b, i), !transposeB, at(da, i), 1, 0);
          }
        }
        into.add(a, da);
      }
      if (b.requiresGrad()) {
        Tensor db = s.floats(b.shape());
        for (long i = 0; i < count; i++) {
          if (transposeB) {
            backend.matmul(at(d, i), true, at(a, i), transposeA, at(db, i), 1, 0);
          } else {
            backend.matmul(at(a, i), !transposeA, at(d, i), false, at(db, i), 1, 0);
          }
        }
        into.add(b, db);
      }
    }, a, b);
  }

  /** Rows x (n,count*k) times a block-diagonal matrix, blocks (count,k,m), or their transposes -> (n,count*m). */
  public static Tensor blockDiagonal(Ops ops, Tensor x, Tensor blocks, boolean transposed) {
    Backend backend = ops.backend();
    long n = x.rows();
    long count = blocks.dim(0);
    long in = blocks.dim(transposed ? 2 : 1);
    long out = blocks.dim(transposed ? 1 : 2);
    Tensor flat = x.view(n, count * in);
    Tensor y = ops.floats(n, count * out);
    try (var scope = ops.scope().child()) {
      Tensor part = scope.floats(n, in);
      Tensor result = scope.floats(n, out);
      for (long i = 0; i < count; i++) {
        backend.sliceColumns(flat, i * in, part);
        backend.matmul(part, false, at(blocks, i), transposed, result, 1, 0);
        backend.pasteColumns(result, y, i * out);
      }
    }
    return ops.track(x.requiresGrad() || blocks.requiresGrad(), y, (dy, into, s) -> {
      Tensor d = s.floats(n, out);
      Tensor part = s.floats(n, in);
      Tensor dx = x.requiresGrad() ? s.floats(x.shape()) : null;
      Tensor db = blocks.requiresGrad() ? s.floats(blocks.shape()) : null;
      for (long i = 0; i < count; i++) {
        backend.sliceColumns(dy.view(y.shape()), i * out, d);
        if (db != null) {
          backend.sliceColumns(flat, i * in, part);
          backend.matmul(transposed ? d : part, true, transposed ? part : d, false, at(db, i), 1, 0);
        }
        if (dx != null) {
          backend.matmul(d, false, at(blocks, i), !transposed, part, 1, 0);
          backend.pasteColumns(part, dx.view(flat.shape()), i * in);
        }
      }
      if (dx != null) {
        into.add(x, dx);
      }
      if (db != null) {
        into.add(blocks, db);
      }
    }, flat, blocks);
  }

  private static Tensor stacked(Ops ops, Tensor matrix) {
    return ops.reshape(matrix, 1, matrix.dim(0), matrix.dim(1));
  }

  private static Tensor at(Tensor stack, long i) {
    return stack.slice(i, 1).view(stack.dim(1), stack.dim(2));
  }
}
