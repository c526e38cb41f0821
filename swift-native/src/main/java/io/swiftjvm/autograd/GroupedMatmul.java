package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Products of runs of rows with the matrices of a stack: experts that are stored as one tensor. */
public final class GroupedMatmul {
  private GroupedMatmul() {}

  /**
   * {@code y = x w[e] + bias[e]} for the rows {@code [offsets[e], offsets[e+1])} of every e.
   *
   * @param x (rows,in), sorted by e
   * @param w (count,in,out) of any float type
   * @param bias (count,out), or null
   */
  public static Tensor apply(Ops ops, Tensor x, Tensor w, @Nullable Tensor bias, int[] offsets) {
    Backend backend = ops.backend();
    int count = (int) w.dim(0);
    long in = w.dim(1);
    long out = w.dim(2);
    Tensor y = ops.floats(x.rows(), out);
    Tensor wideBias = bias == null ? null : Broadcasts.wide(ops, bias);
    for (int e = 0; e < count; e++) {
      int rows = offsets[e + 1] - offsets[e];
      if (rows > 0) {
        Tensor part = y.slice(offsets[e], rows);
        backend.matmul(x.slice(offsets[e], rows), false, w.slice(e, 1).view(in, out), false, part, 1, 0);
        if (wideBias != null) {
          backend.binary(Binary.ADD, part, wideBias.slice(e, 1).view(out), part);
        }
      }
    }
    boolean wants = x.requiresGrad() || w.requiresGrad() || (bias != null && bias.requiresGrad());
    return ops.track(wants, y, (dy, into, s) -> {
      Tensor dx = x.requiresGrad() ? s.floats(x.shape()) : null;
      for (int e = 0; e < count; e++) {
        int rows = offsets[e + 1] - offsets[e];
        if (rows > 0) {
          Tensor d = dy.view(y.shape()).slice(offsets[e], rows);
          if (w.requiresGrad()) {
            backend.matmul(x.slice(offsets[e], rows), true, d, false, into.getOrZero(w).slice(e, 1).view(in, out), 1, 1);
          }
          if (bias != null && bias.requiresGrad()) {
            backend.sumRows(d, into.getOrZero(bias).slice(e, 1).view(out), 1);
          }
          if (dx != null) {
            backend.matmul(d, false, w.slice(e, 1).view(in, out), true, dx.slice(offsets[e], rows), 1, 0);
          }
        }
      }
      if (dx != null) {
        into.add(x, dx);
      }
    }, x, w);
  }

  /** x (rows,in) times a matrix stored (in,out), GPT-2's way, plus bias (out). */
  public static Tensor single(Ops ops, Tensor x, Tensor w, @Nullable Tensor bias) {
    Tensor flat = x.view(x.rows(), x.columns());
    Tensor rows = x.requiresGrad() ? flat.tracked() : flat;
    Tensor stack = w.view(1, w.dim(0), w.dim(1));
    Tensor row = bias == null ? null : bias.view(1, bias.size());
    return apply(ops, rows, w.requiresGrad() ? stack.tracked() : stack,
        row == null || bias == null || !bias.requiresGrad() ? row : row.tracked(), new int[] {0, (int) x.rows()});
  }
}
