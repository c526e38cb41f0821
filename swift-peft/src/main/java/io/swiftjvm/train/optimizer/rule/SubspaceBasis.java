package io.swiftjvm.train.optimizer.rule;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Singular vectors by subspace iteration from a fixed random start (arXiv 0909.4061), in double: exact while rank + 16
 * reaches the smaller side, close for larger matrices, and there far cheaper than the whole decomposition. A direction
 * in which the gradient is zero has a zero vector.
 */
public final class SubspaceBasis implements Basis {
  private static final int EXTRA = 16;
  private static final int ITERATIONS = 4;
  private static final double NOTHING = 1e-26;

  /** Directions of falling size; {@code vectors[i] / size[i]} are orthonormal. */
  private record Principal(double[][] rotation, double[][] vectors, double[] size) {}

  @Override
  public Vectors of(float[] g, int rows, int columns, int rank) {
    if (rows < columns) {
      Vectors turned = of(Host.transpose(g, rows, columns), columns, rows, rank);
      return new Vectors(Host.transpose(turned.right(), rank, rows), Host.transpose(turned.left(), columns, rank));
    }
    double[][] q = range(g, rows, columns, Math.min(columns, rank + EXTRA));
    Principal images = principal(times(g, rows, columns, q));
    float[] left = new float[rows * rank];
    float[] right = new float[rank * columns];
    for (int r = 0; r < rank; r++) {
      for (int i = 0; i < rows && images.size()[r] > 0; i++) {
        left[i * rank + r] = (float) (images.vectors()[r][i] / images.size()[r]);
      }
      double[] row = combine(q, images.rotation()[r]);
      for (int i = 0; i < columns; i++) {
        right[r * columns + i] = images.size()[r] > 0 ? (float) row[i] : 0;
      }
    }
    return new Vectors(left, right);
  }

  /** k orthonormal vectors that hold most of the row space. */
  private static double[][] range(float[] g, int rows, int columns, int k) {
    double[][] q = new double[k][columns];
    if (k == columns) {
      for (int i = 0; i < k; i++) {
        q[i][i] = 1;
      }
      return q;
    }
    SplittableRandom random = new SplittableRandom(0);
    for (double[] vector : q) {
      Arrays.setAll(vector, i -> random.nextDouble(-1, 1));
    }
    for (int n = 0; n < ITERATIONS; n++) {
      Principal next = principal(timesTransposed(g, rows, columns, times(g, rows, columns, q)));
      for (int i = 0; i < k; i++) {
        double size = next.size()[i];
        q[i] = size > 0 ? Arrays.stream(next.vectors()[i]).map(v -> v / size).toArray() : new double[columns];
      }
    }
    return q;
  }

  private static Principal principal(double[][] x) {
    int k = x.length;
    double[][] gram = new double[k][k];
    IntStream.range(0, k).parallel().forEach(i -> Arrays.setAll(gram[i], j -> dot(x[i], x[j])));
    double[][] rotation = SymmetricEigen.vectors(gram);
    double[] size = new double[k];
    double[][] vectors = new double[k][];
    for (int i = 0; i < k; i++) {
      // A share of the largest below this is rounding.
      size[i] = gram[i][i] > NOTHING * gram[0][0] ? Math.sqrt(gram[i][i]) : 0;
      vectors[i] = combine(x, rotation[i]);
    }
    return new Principal(rotation, vectors, size);
  }

  private static double[][] times(float[] g, int rows, int columns, double[][] q) {
    double[][] out = new double[q.length][rows];
    IntStream.range(0, rows).parallel().forEach(r -> {
      for (int k = 0; k < q.length; k++) {
        double sum = 0;
        for (int c = 0; c < columns; c++) {
          sum += g[r * columns + c] * q[k][c];
        }
        out[k][r] = sum;
      }
    });
    return out;
  }

  private static double[][] timesTransposed(float[] g, int rows, int columns, double[][] y) {
    double[][] out = new double[y.length][columns];
    IntStream.range(0, y.length).parallel().forEach(k -> {
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          out[k][c] += g[r * columns + c] * y[k][r];
        }
      }
    });
    return out;
  }

  private static double[] combine(double[][] x, double[] weights) {
    double[] sum = new double[x[0].length];
    for (int k = 0; k < x.length; k++) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += weights[k] * x[k][i];
      }
    }
    return sum;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
