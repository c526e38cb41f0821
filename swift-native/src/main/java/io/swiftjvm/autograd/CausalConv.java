package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Depthwise convolution over the last few rows of a text; computed on the host. */
public final class CausalConv {
  private CausalConv() {}

  /**
   * {@code y[t,c] = sum_j w[c,j] x[t - taps + 1 + j, c]}, rows before the text being zero or those of the state.
   *
   * @param x (n,channels)
   * @param w (channels,1,taps) of any float type
   * @param runs which rows belong together; a state has (taps-1)*channels elements
   */
  public static Tensor apply(Ops ops, Tensor x, Tensor w, List<Recurrence> runs) {
    Backend backend = ops.backend();
    int channels = (int) w.dim(0);
    int taps = (int) w.columns();
    int history = taps - 1;
    float[] in = SinkAttention.host(backend, x);
    float[] weights = transposed(SinkAttention.host(backend, Broadcasts.wide(ops, w)), channels, taps);
    float[] out = new float[in.length];
    for (Recurrence run : runs) {
      float[] rows = new float[(history + run.count()) * channels];
      Tensor before = run.before();
      if (before != null) {
        System.arraycopy(SinkAttention.host(backend, before), 0, rows, 0, history * channels);
      }
      System.arraycopy(in, run.from() * channels, rows, history * channels, run.count() * channels);
      for (int t = 0; t < run.count(); t++) {
        for (int j = 0; j < taps; j++) {
          multiplyAdd(weights, j * channels, rows, (t + j) * channels, out, (run.from() + t) * channels, channels);
        }
      }
      Tensor after = run.after();
      if (after != null) {
        MemorySegment all = MemorySegment.ofArray(rows);
        backend.upload(all.asSlice((long) run.count() * channels * 4, (long) history * channels * 4), after);
      }
    }
    Tensor y = ops.floats(x.shape());
    backend.upload(MemorySegment.ofArray(out), y);
    return ops.track(x.requiresGrad() || w.requiresGrad(), y, (dy, into, s) -> {
      float[] d = SinkAttention.host(backend, dy);
      float[] dx = new float[in.length];
      float[] dw = new float[weights.length];
      float[] input = SinkAttention.host(backend, x);
      for (Recurrence run : runs) {
        for (int t = 0; t < run.count(); t++) {
          for (int j = Math.max(0, history - t); j < taps; j++) {
            int source = (run.from() + t - history + j) * channels;
            int target = (run.from() + t) * channels;
            multiplyAdd(weights, j * channels, d, target, dx, source, channels);
            multiplyAdd(input, source, d, target, dw, j * channels, channels);
          }
        }
      }
      if (x.requiresGrad()) {
        into.add(x, s.floats(dx, x.shape()));
      }
      if (w.requiresGrad()) {
        backend.axpy(1, s.floats(transposed(dw, taps, channels), w.shape()), into.getOrZero(w));
      }
    }, x);
  }

  private static void multiplyAdd(float[] a, int i, float[] b, int j, float[] c, int k, int count) {
    for (int t = 0; t < count; t++) {
      c[k + t] += a[i + t] * b[j + t];
    }
  }

  private static float[] transposed(float[] x, int rows, int columns) {
    float[] y = new float[x.length];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        y[c * rows + r] = x[r * columns + c];
      }
    }
    return y;
  }
}
