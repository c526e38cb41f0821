package io.swiftjvm.train.optimizer.rule;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Jacobi 1846). */
final class SymmetricEigen {
  private static final int SWEEPS = 60;

  private SymmetricEigen() {}

  /** Eigenvectors as rows by falling eigenvalue; {@code a} becomes the diagonal matrix of these. */
  static double[][] vectors(double[][] a) {
    int n = a.length;
    double[][] v = new double[n][n];
    for (int i = 0; i < n; i++) {
      v[i][i] = 1;
    }
    boolean turned = true;
    for (int sweep = 0; sweep < SWEEPS && turned; sweep++) {
      turned = false;
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          if (Math.abs(a[p][q]) > 1e-17 * Math.sqrt(Math.abs(a[p][p] * a[q][q])) && a[p][q] != 0) {
            turn(a, v, p, q);
            turned = true;
          }
        }
      }
    }
    double[] values = IntStream.range(0, n).mapToDouble(i -> a[i][i]).toArray();
    int[] order = IntStream.range(0, n).boxed().sorted((i, j) -> Double.compare(values[j], values[i]))
        .mapToInt(Integer::intValue).toArray();
    for (int i = 0; i < n; i++) {
      Arrays.fill(a[i], 0);
      a[i][i] = values[order[i]];
    }
    return Arrays.stream(order).mapToObj(i -> v[i]).toArray(double[][]::new);
  }

  private static void turn(double[][] a, double[][] v, int p, int q) {
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    double cos = 1 / Math.sqrt(t * t + 1);
    double sin = t * cos;
    for (double[] row : a) {
      double x = row[p];
      row[p] = cos * x - sin * row[q];
      row[q] = sin * x + cos * row[q];
    }
    rotate(a[p], a[q], cos, sin);
    rotate(v[p], v[q], cos, sin);
    a[p][q] = 0;
    a[q][p] = 0;
  }

  private static void rotate(double[] x, double[] y, double cos, double sin) {
    for (int i = 0; i < x.length; i++) {
      double a = x[i];
      x[i] = cos * a - sin * y[i];
      y[i] = sin * a + cos * y[i];
    }
  }
}
