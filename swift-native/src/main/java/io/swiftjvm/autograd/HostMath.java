package io.swiftjvm.autograd;

import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.function.DoubleUnaryOperator;

/**
 * Differentiable functions of small tensors, such as parameters, computed on the host in double; the tensors may live
 * on any device.
 */
public final class HostMath {
  private HostMath() {}

  /** {@code f(x)} elementwise; {@code slope} is the derivative at x. */
  public static Tensor map(Ops ops, Tensor x, DoubleUnaryOperator f, DoubleUnaryOperator slope) {
    float[] values = read(ops, x);
    Tensor y = ops.floats(x.shape());
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = (float) f.applyAsDouble(values[i]);
    }
    write(ops, result, y);
    return ops.track(x.requiresGrad(), y, (dy, into, s) -> {
      float[] d = read(ops, dy);
      for (int i = 0; i < d.length; i++) {
        d[i] *= (float) slope.applyAsDouble(values[i]);
      }
      into.add(x, upload(ops, s, d, x.shape()));
    });
  }

  /** Softmax of every row of x (rows,columns). */
  public static Tensor softmax(Ops ops, Tensor x) {
    int columns = (int) x.columns();
    float[] values = read(ops, x);
    for (int from = 0; from < values.length; from += columns) {
      double most = Double.NEGATIVE_INFINITY;
      for (int i = from; i < from + columns; i++) {
        most = Math.max(most, values[i]);
      }
      double sum = 0;
      for (int i = from; i < from + columns; i++) {
        sum += Math.exp(values[i] - most);
      }
      for (int i = from; i < from + columns; i++) {
        values[i] = (float) (Math.exp(values[i] - most) / sum);
      }
    }
    Tensor y = upload(ops, ops.scope(), values, x.shape());
    return ops.track(x.requiresGrad(), y, (dy, into, s) -> {
      float[] d = read(ops, dy);
      for (int from = 0; from < d.length; from += columns) {
        double mean = 0;
        for (int i = from; i < from + columns; i++) {
          mean += (double) d[i] * values[i];
        }
        for (int i = from; i < from + columns; i++) {
          d[i] = (float) (values[i] * (d[i] - mean));
        }
      }
      into.add(x, upload(ops, s, d, x.shape()));
    });
  }

  /**
   * {@code (I - s) (I + s)^-1} for a stack s (count,k,k) of skew matrices: the Cayley transform, a rotation.
   */
  public static Tensor cayley(Ops ops, Tensor s) {
    int k = (int) s.dim(2);
    int square = k * k;
    float[] values = read(ops, s);
    float[] result = new float[values.length];
    double[][] inverses = new double[values.length / square][];
    for (int b = 0; b < inverses.length; b++) {
      double[] plus = identity(k);
      double[] minus = identity(k);
      for (int i = 0; i < square; i++) {
        plus[i] += values[b * square + i];
        minus[i] -= values[b * square + i];
      }
      inverses[b] = invert(plus, k);
      narrow(product(minus, inverses[b], k, false, false), result, b * square);
    }
    Tensor y = ops.floats(s.shape());
    write(ops, result, y);
    // From x (I + s) = I - s: dx = -(I + x) ds (I + s)^-1.
    return ops.track(s.requiresGrad(), y, (dy, into, scope) -> {
      float[] d = read(ops, dy);
      float[] ds = new float[d.length];
      for (int b = 0; b < inverses.length; b++) {
        double[] left = identity(k);
        double[] g = new double[square];
        for (int i = 0; i < square; i++) {
          left[i] += result[b * square + i];
          g[i] = -d[b * square + i];
        }
        narrow(product(product(left, g, k, true, false), inverses[b], k, false, true), ds, b * square);
      }
      into.add(s, upload(ops, scope, ds, s.shape()));
    });
  }

  private static double[] identity(int k) {
    double[] m = new double[k * k];
    for (int i = 0; i < k; i++) {
      m[i * k + i] = 1;
    }
    return m;
  }

  private static double[] product(double[] a, double[] b, int k, boolean transposeA, boolean transposeB) {
    double[] c = new double[k * k];
    for (int i = 0; i < k; i++) {
      for (int l = 0; l < k; l++) {
        double v = transposeA ? a[l * k + i] : a[i * k + l];
        for (int j = 0; j < k; j++) {
          c[i * k + j] += v * (transposeB ? b[j * k + l] : b[l * k + j]);
        }
      }
    }
    return c;
  }

  /** By elimination with the largest pivot; {@code I + s} of a skew s always has an inverse. */
  private static double[] invert(double[] m, int k) {
    double[] a = m.clone();
    double[] inverse = identity(k);
    for (int c = 0; c < k; c++) {
      int pivot = c;
      for (int r = c + 1; r < k; r++) {
        pivot = Math.abs(a[r * k + c]) > Math.abs(a[pivot * k + c]) ? r : pivot;
      }
      swap(a, c, pivot, k);
      swap(inverse, c, pivot, k);
      double p = a[c * k + c];
      for (int j = 0; j < k; j++) {
        a[c * k + j] /= p;
        inverse[c * k + j] /= p;
      }
      for (int r = 0; r < k; r++) {
        double f = a[r * k + c];
        if (r != c && f != 0) {
          for (int j = 0; j < k; j++) {
            a[r * k + j] -= f * a[c * k + j];
            inverse[r * k + j] -= f * inverse[c * k + j];
          }
        }
      }
    }
    return inverse;
  }

  private static void swap(double[] m, int r, int other, int k) {
    for (int j = 0; j < k && r != other; j++) {
      double v = m[r * k + j];
      m[r * k + j] = m[other * k + j];
      m[other * k + j] = v;
    }
  }

  private static void narrow(double[] from, float[] to, int at) {
    for (int i = 0; i < from.length; i++) {
      to[at + i] = (float) from[i];
    }
  }

  private static float[] read(Ops ops, Tensor x) {
    float[] values = new float[Math.toIntExact(x.size())];
    ops.backend().download(x, MemorySegment.ofArray(values));
    return values;
  }

  private static void write(Ops ops, float[] values, Tensor to) {
    ops.backend().upload(MemorySegment.ofArray(values), to);
  }

  private static Tensor upload(Ops ops, Scope scope, float[] values, long[] shape) {
    Tensor t = scope.floats(shape);
    write(ops, values, t);
    return t;
  }
}
