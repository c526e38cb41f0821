package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Differentiable operations between a matrix and a row or a column of it. */
public final class Broadcasts {
  private Broadcasts() {}

  /** w in float32: itself, or a widened copy in the current scope. Trained weights are float32 already. */
  public static Tensor wide(Ops ops, Tensor w) {
    if (w.dtype() == DType.F32) {
      return w;
    }
    Tensor wide = ops.floats(w.shape());
    ops.backend().cast(w, wide);
    return wide;
  }

  /** x (rows,columns) plus a row b (columns). */
  public static Tensor addRow(Ops ops, Tensor x, Tensor b) {
    Backend backend = ops.backend();
    Tensor row = wide(ops, b);
    Tensor flat = x.view(x.size() / row.size(), row.size());
    Tensor y = ops.floats(x.shape());
    backend.binary(Binary.ADD, flat, row.view(row.size()), y.view(flat.shape()));
    return ops.track(x.requiresGrad() || b.requiresGrad(), y, (dy, into, s) -> {
      if (b.requiresGrad()) {
        backend.sumRows(dy.view(flat.shape()), into.getOrZero(b).view(row.size()), 1);
      }
      if (x.requiresGrad()) {
        into.add(x, dy);
      }
    });
  }

  /** x (rows,columns) times a row w (columns), which may hold several heads' columns. */
  public static Tensor multiplyRow(Ops ops, Tensor x, Tensor w) {
    Backend backend = ops.backend();
    Tensor row = wide(ops, w);
    Tensor flat = x.view(x.size() / row.size(), row.size());
    Tensor y = ops.floats(x.shape());
    backend.binary(Binary.MULTIPLY, flat, row.view(row.size()), y.view(flat.shape()));
    return ops.track(x.requiresGrad() || w.requiresGrad(), y, (dy, into, s) -> {
      Tensor d = s.floats(x.shape());
      if (w.requiresGrad()) {
        backend.binary(Binary.MULTIPLY, dy.view(flat.shape()), flat, d.view(flat.shape()));
        backend.sumRows(d.view(flat.shape()), into.getOrZero(w).view(row.size()), 1);
      }
      if (x.requiresGrad()) {
        backend.binary(Binary.MULTIPLY, dy.view(flat.shape()), row.view(row.size()), d.view(flat.shape()));
        into.add(x, d);
      }
    }, x, row);
  }

  /** Every row of x (rows,columns) times its own entry of w (rows,1). */
  public static Tensor multiplyColumn(Ops ops, Tensor x, Tensor w) {
    Backend backend = ops.backend();
    Tensor flat = x.view(w.size(), x.size() / Math.max(1, w.size()));
    Tensor column = w.view(w.size(), 1);
    Tensor y = ops.floats(x.shape());
    backend.binary(Binary.MULTIPLY, flat, column, y.view(flat.shape()));
    return ops.track(x.requiresGrad() || w.requiresGrad(), y, (dy, into, s) -> {
      Tensor d = s.floats(x.shape());
      if (w.requiresGrad()) {
        Tensor sums = s.floats(w.shape());
        backend.binary(Binary.MULTIPLY, dy.view(flat.shape()), flat, d.view(flat.shape()));
        backend.reduceColumns(Reduction.SUM, d.view(flat.shape()), sums.view(w.size()));
        into.add(w, sums);
      }
      if (x.requiresGrad()) {
        backend.binary(Binary.MULTIPLY, dy.view(flat.shape()), column, d.view(flat.shape()));
        into.add(x, d);
      }
    }, x, w);
  }

  /** The sum of every row of x (rows,columns) -> (rows,1). */
  public static Tensor sumColumns(Ops ops, Tensor x) {
    Tensor ones = ops.floats(1, x.columns());
    ops.backend().fill(ones, 1);
    return ops.linear(x, ones, null);
  }

  /** Layer norm over w's length (arXiv 1607.06450): an RMS norm of what is left when the mean is taken away. */
  public static Tensor layerNorm(Ops ops, Tensor x, Tensor w, @Nullable Tensor bias, float eps) {
    Tensor y = ops.rmsNorm(center(ops, x, w.size()), w, 0, eps);
    return bias == null ? y : addRow(ops, y, bias);
  }

  /** x minus the mean of every run of {@code width} elements. */
  public static Tensor center(Ops ops, Tensor x, long width) {
    Tensor y = ops.floats(x.shape());
    subtractMean(ops, x, width, y);
    return ops.track(x.requiresGrad(), y, (dy, into, s) -> {
      Tensor d = s.floats(x.shape());
      subtractMean(ops, dy, width, d);
      into.add(x, d);
    });
  }

  private static void subtractMean(Ops ops, Tensor x, long width, Tensor y) {
    Backend backend = ops.backend();
    long rows = x.size() / width;
    try (var scope = ops.scope().child()) {
      Tensor mean = scope.floats(rows);
      backend.reduceColumns(Reduction.SUM, x.view(rows, width), mean);
      backend.scale(mean, 1f / width, mean);
      backend.binary(Binary.SUBTRACT, x.view(rows, width), mean.view(rows, 1), y.view(rows, width));
    }
  }

  /** {@code c tanh(x / c)}: a soft bound on logits. */
  public static Tensor softCap(Ops ops, Tensor x, float c) {
    return ops.scale(ops.activation(Unary.TANH, ops.scale(x, 1 / c)), c);
  }

  /** {@code min(x, c)}. */
  public static Tensor atMost(Ops ops, Tensor x, float c) {
    Tensor over = ops.activation(Unary.RELU, shift(ops, x, -c));
    return ops.add(x, ops.scale(over, -1));
  }

  /** {@code x + c}. */
  public static Tensor shift(Ops ops, Tensor x, float c) {
    Backend backend = ops.backend();
    Tensor y = ops.floats(x.shape());
    Tensor one = ops.floats(1);
    backend.fill(one, c);
    backend.binary(Binary.ADD, x, one, y);
    return ops.track(x.requiresGrad(), y, (dy, into, s) -> into.add(x, dy));
  }
}
