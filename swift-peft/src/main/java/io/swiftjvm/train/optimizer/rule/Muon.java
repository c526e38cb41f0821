package io.swiftjvm.train.optimizer.rule;

import java.util.Arrays;
import java.util.List;

/**
 * Muon (Jordan 2024; arXiv 2502.16982) for matrices: {@code b = momentum b + (1-momentum) g}, the update is b made
 * orthogonal by Newton-Schulz steps {@code X <- a X + (b A + c A A) X, A = X X^T} in bfloat16 as torch takes
 * them; decay is decoupled. The rate is multiplied by {@code 0.2 sqrt(max(rows, columns))}, so that AdamW's rates fit,
 * or by {@code sqrt(max(1, rows / columns))}.
 *
 * @param momentum 0 .. below 1; default 0.95
 * @param nesterov look ahead; default true
 * @param iterations Newton-Schulz steps, 1 .. 99; default 5
 * @param epsilon smallest norm to divide by, above 0; default 1e-7
 * @param matchAdamW which factor the rate gets; default true
 */
public record Muon(double momentum, boolean nesterov, int iterations, double epsilon, boolean matchAdamW)
    implements HostRule {
  private static final float A = 3.4445f;
  private static final float B = -4.7750f;
  private static final float C = 2.0315f;

  @Override
  public List<StateSpec> state(long[] shape) {
    return List.of(StateSpec.floats("momentum_buffer", shape));
  }

  @Override
  public void move(HostMove m) {
    float[] buffer = m.floats("momentum_buffer");
    float[] update = m.gradient();
    m.each(i -> {
      buffer[i] = (float) (buffer[i] + (1 - momentum) * (update[i] - buffer[i]));
      update[i] = nesterov ? (float) (update[i] + momentum * (buffer[i] - update[i])) : buffer[i];
    });
    int rows = m.rows();
    int columns = m.columns();
    boolean tall = rows > columns;
    float[] x = orthogonal(tall ? Host.transpose(update, rows, columns) : update, Math.min(rows, columns));
    float[] out = tall ? Host.transpose(x, columns, rows) : x;
    double factor = matchAdamW ? 0.2 * Math.sqrt(Math.max(rows, columns))
        : Math.sqrt(Math.max(1, (double) rows / columns));
    m.shrink();
    m.each(i -> m.subtract(i, m.rate() * factor * out[i]));
  }

  /** Newton-Schulz on the rows of a wide matrix. */
  private float[] orthogonal(float[] g, int rows) {
    int columns = g.length / rows;
    float[] x = new float[g.length];
    double square = 0;
    for (int i = 0; i < g.length; i++) {
      x[i] = bf16(g[i]);
      square += (double) x[i] * x[i];
    }
    float norm = Math.max(bf16(Math.sqrt(square)), bf16(epsilon));
    for (int i = 0; i < x.length; i++) {
      x[i] = bf16(x[i] / norm);
    }
    for (int n = 0; n < iterations; n++) {
      float[] gram = product(x, Host.transpose(x, rows, columns), rows, columns, x, 0, 1);
      float[] polynomial = product(gram, gram, rows, rows, gram, B, C);
      x = product(polynomial, x, rows, rows, x, A, 1);
    }
    return x;
  }

  /** {@code beta * add + alpha * a b} rounded to bfloat16: a (rows,inner), b (inner,?). */
  private static float[] product(float[] a, float[] b, int rows, int inner, float[] add, float beta, float alpha) {
    int columns = b.length / inner;
    float[] out = new float[rows * columns];
    double[] sum = new double[columns];
    for (int r = 0; r < rows; r++) {
      Arrays.fill(sum, 0);
      for (int k = 0; k < inner; k++) {
        double f = a[r * inner + k];
        for (int c = 0; c < columns; c++) {
          sum[c] += f * b[k * columns + c];
        }
      }
      for (int c = 0; c < columns; c++) {
        double old = beta == 0 ? 0 : (double) beta * add[r * columns + c];
        out[r * columns + c] = bf16(old + alpha * sum[c]);
      }
    }
    return out;
  }

  private static float bf16(double value) {
    int bits = Float.floatToRawIntBits((float) value);
    return Float.intBitsToFloat((bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000);
  }
}
