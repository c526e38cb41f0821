package io.swiftjvm.tuner;

import java.util.stream.IntStream;

/**
 * Singular values of a product {@code B A} of thin matrices without ever forming it: Gram-Schmidt on both, then
 * one-sided Jacobi rotations (Hestenes 1958) on the small core.
 */
final class LowRankSvd {
  private LowRankSvd() {}

  /** Left vectors times singular values (rank columns of length out) and right vectors (rank rows of length in). */
  record Factors(double[][] left, double[][] right) {}

  /**
   * The best approximation of rank {@code rank} of {@code sum_i b[i] a[i]^T}.
   *
   * @param b k columns of length out; overwritten
   * @param a k rows of length in; overwritten
   */
  static Factors truncate(double[][] b, double[][] a, int rank) {
    int k = b.length;
    double[][] rb = orthonormalise(b);
    double[][] ra = orthonormalise(a);
    // core[j] is column j of rb ra^T, so that b a = Qb core Qa^T
    double[][] core = new double[k][k];
    for (int i = 0; i < k; i++) {
      for (int j = 0; j < k; j++) {
        for (int t = 0; t < k; t++) {
          core[j][i] += rb[i][t] * ra[j][t];
        }
      }
    }
    double[][] v = jacobi(core);
    int[] order = order(core);
    double[][] left = new double[rank][b[0].length];
    double[][] right = new double[rank][a[0].length];
    for (int r = 0; r < Math.min(rank, k); r++) {
      for (int t = 0; t < k; t++) {
        axpy(core[order[r]][t], b[t], left[r]);
        axpy(v[order[r]][t], a[t], right[r]);
      }
    }
    return new Factors(left, right);
  }

  /** Makes the vectors orthonormal in place; returns the triangle r with old[t] = sum_i r[i][t] * new[i]. */
  static double[][] orthonormalise(double[][] q) {
    int k = q.length;
    double[][] r = new double[k][k];
    for (int t = 0; t < k; t++) {
      double size = norm(q[t]);
      for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < t; i++) {
          double p = dot(q[i], q[t]);
          r[i][t] += p;
          axpy(-p, q[i], q[t]);
        }
      }
      double norm = norm(q[t]);
      boolean dependent = norm <= 1e-14 * size;
      r[t][t] = dependent ? 0 : norm;
      for (int i = 0; i < q[t].length; i++) {
        q[t][i] = dependent ? 0 : q[t][i] / norm;
      }
    }
    return r;
  }

  /** Rotates columns until they are orthogonal; returns the rotations as columns of V, so that old = new V^T. */
  private static double[][] jacobi(double[][] c) {
    int k = c.length;
    double[][] v = new double[k][k];
    for (int i = 0; i < k; i++) {
      v[i][i] = 1;
    }
    boolean turned = true;
    for (int sweep = 0; sweep < 60 && turned; sweep++) {
      turned = false;
      for (int p = 0; p < k; p++) {
        for (int q = p + 1; q < k; q++) {
          double pq = dot(c[p], c[q]);
          double pp = dot(c[p], c[p]);
          double qq = dot(c[q], c[q]);
          if (Math.abs(pq) > 1e-15 * Math.sqrt(pp * qq) && pq != 0) {
            double zeta = (qq - pp) / (2 * pq);
            double t = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
            double cos = 1 / Math.sqrt(1 + t * t);
            rotate(c[p], c[q], cos, cos * t);
            rotate(v[p], v[q], cos, cos * t);
            turned = true;
          }
        }
      }
    }
    return v;
  }

  private static void rotate(double[] x, double[] y, double cos, double sin) {
    for (int i = 0; i < x.length; i++) {
      double a = x[i];
      x[i] = cos * a - sin * y[i];
      y[i] = sin * a + cos * y[i];
    }
  }

  private static int[] order(double[][] columns) {
    return IntStream.range(0, columns.length).boxed()
        .sorted((i, j) -> Double.compare(dot(columns[j], columns[j]), dot(columns[i], columns[i])))
        .mapToInt(Integer::intValue).toArray();
  }

  static double norm(double[] x) {
    return Math.sqrt(dot(x, x));
  }

  static void scale(double[] x, double factor) {
    for (int i = 0; i < x.length; i++) {
      x[i] *= factor;
    }
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private static void axpy(double alpha, double[] x, double[] y) {
    for (int i = 0; i < x.length; i++) {
      y[i] += alpha * x[i];
    }
  }
}
