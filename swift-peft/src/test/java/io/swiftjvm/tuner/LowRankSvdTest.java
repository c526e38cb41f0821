package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LowRankSvdTest {
  private static double[][] random(int k, int n, long seed) {
    Seeds random = Seeds.of(seed, "svd");
    double[][] rows = new double[k][n];
    for (double[] row : rows) {
      for (int i = 0; i < n; i++) {
        row[i] = random.normal();
      }
    }
    return rows;
  }

  private static double[][] product(double[][] b, double[][] a) {
    double[][] sum = new double[b[0].length][a[0].length];
    for (int k = 0; k < b.length; k++) {
      for (int i = 0; i < sum.length; i++) {
        for (int j = 0; j < sum[0].length; j++) {
          sum[i][j] += b[k][i] * a[k][j];
        }
      }
    }
    return sum;
  }

  @Test
  void at_full_rank_nothing_is_lost_and_vectors_are_orthogonal() {
    double[][] whole = product(random(5, 9, 1), random(5, 7, 2));
    LowRankSvd.Factors factors = LowRankSvd.truncate(random(5, 9, 1), random(5, 7, 2), 5);
    double[][] again = product(factors.left(), factors.right());
    for (int i = 0; i < 9; i++) {
      for (int j = 0; j < 7; j++) {
        assertThat(again[i][j]).isCloseTo(whole[i][j], within(1e-12));
      }
    }
    for (int p = 0; p < 5; p++) {
      for (int q = 0; q < 5; q++) {
        double dot = 0;
        for (int j = 0; j < 7; j++) {
          dot += factors.right()[p][j] * factors.right()[q][j];
        }
        assertThat(dot).isCloseTo(p == q ? 1 : 0, within(1e-12));
      }
    }
  }

  @Test
  void repeated_and_empty_vectors_do_no_harm() {
    double[][] b = {{1, 2, 3}, {2, 4, 6}, {0, 0, 0}};
    double[][] a = {{1, 1}, {1, 1}, {0, 0}};
    LowRankSvd.Factors factors = LowRankSvd.truncate(b, a, 1);
    assertThat(product(factors.left(), factors.right())[2][1]).isCloseTo(9, within(1e-12));
  }
}
