package io.swiftjvm.train.optimizer.rule;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Adafactor's running mean of squared gradients: row and column means for a matrix, all values for a vector. */
final class SecondMoment {
  private final float[] rows;
  private final float @Nullable [] columns;

  private SecondMoment(float[] rows, float @Nullable [] columns) {
    this.rows = rows;
    this.columns = columns;
  }

  static List<StateSpec> state(long[] shape) {
    if (shape.length < 2) {
      return List.of(StateSpec.floats("exp_avg_sq", shape));
    }
    long columns = shape[shape.length - 1];
    long rows = 1;
    for (int i = 0; i + 1 < shape.length; i++) {
      rows *= shape[i];
    }
    return List.of(StateSpec.floats("exp_avg_sq_row", rows), StateSpec.floats("exp_avg_sq_col", columns));
  }

  static SecondMoment of(HostMove m) {
    return m.isMatrix() ? new SecondMoment(m.floats("exp_avg_sq_row"), m.floats("exp_avg_sq_col"))
        : new SecondMoment(m.floats("exp_avg_sq"), null);
  }

  /** Moves the means by {@code share} towards the squared gradient plus {@code floor}. */
  void add(HostMove m, double floor, double share) {
    float[] g = m.gradient();
    if (columns == null) {
      for (int i = 0; i < g.length; i++) {
        rows[i] = mix(rows[i], (double) g[i] * g[i] + floor, share);
      }
      return;
    }
    double[] down = new double[columns.length];
    for (int r = 0; r < rows.length; r++) {
      double across = 0;
      for (int c = 0; c < columns.length; c++) {
        double square = (double) g[r * columns.length + c] * g[r * columns.length + c] + floor;
        across += square;
        down[c] += square;
      }
      rows[r] = mix(rows[r], across / columns.length, share);
    }
    for (int c = 0; c < columns.length; c++) {
      columns[c] = mix(columns[c], down[c] / rows.length, share);
    }
  }

  private static float mix(float old, double now, double share) {
    return (float) (old + share * (now - old));
  }

  /** What the outer product of both means is divided by. */
  double rowMean() {
    double sum = 0;
    for (float row : rows) {
      sum += row;
    }
    return sum / rows.length;
  }

  /** The estimate for element i. */
  double at(int i, double rowMean) {
    return columns == null ? rows[i] : (double) rows[i / columns.length] * columns[i % columns.length] / rowMean;
  }

  static double rms(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return Math.sqrt(sum / values.length);
  }
}
