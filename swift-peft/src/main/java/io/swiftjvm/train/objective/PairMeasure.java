package io.swiftjvm.train.objective;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;

/**
 * How the likeness of two texts goes with their label: the correlations of Pearson and Spearman with cosine, dot product,
 * and the negative Manhattan and Euclidean distances. Ties share the mean of their ranks.
 */
final class PairMeasure extends SeenRows {
  @Override
  Map<String, Double> values(double[][] rows, float[] labels) {
    int pairs = rows.length / 2;
    double[] wished = IntStream.range(0, pairs).mapToDouble(i -> labels[2 * i]).toArray();
    Map<String, Double> all = new HashMap<>();
    Map<String, ToDoubleBiFunction<double[], double[]>> kinds = Map.of(
        "cosine", (a, b) -> PairLoss.dot(a, b) / Math.sqrt(PairLoss.dot(a, a) * PairLoss.dot(b, b)),
        "dot_product", PairLoss::dot,
        "manhattan", (a, b) -> -IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] - b[i])).sum(),
        "euclidean", (a, b) -> -Math.sqrt(IntStream.range(0, a.length).mapToDouble(i -> (a[i] - b[i]) * (a[i] - b[i])).sum()));
    kinds.forEach((name, kind) -> {
      double[] found = IntStream.range(0, pairs).mapToDouble(i -> kind.applyAsDouble(rows[2 * i], rows[2 * i + 1])).toArray();
      all.put("pearson_" + name, correlation(wished, found));
      all.put("spearman_" + name, correlation(ranks(wished), ranks(found)));
    });
    return all;
  }

  private static double correlation(double[] a, double[] b) {
    double meanA = Arrays.stream(a).average().orElse(0);
    double meanB = Arrays.stream(b).average().orElse(0);
    double both = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = 0; i < a.length; i++) {
      both += (a[i] - meanA) * (b[i] - meanB);
      squaresA += (a[i] - meanA) * (a[i] - meanA);
      squaresB += (b[i] - meanB) * (b[i] - meanB);
    }
    return both / Math.sqrt(squaresA * squaresB);
  }

  private static double[] ranks(double[] values) {
    int[] order = IntStream.range(0, values.length).boxed().sorted(Comparator.comparingDouble(i -> values[i]))
        .mapToInt(i -> i).toArray();
    double[] ranks = new double[values.length];
    int to;
    for (int from = 0; from < order.length; from = to) {
      to = from + 1;
      while (to < order.length && values[order[to]] == values[order[from]]) {
        to++;
      }
      for (int i = from; i < to; i++) {
        ranks[order[i]] = (from + to - 1) / 2.0;
      }
    }
    return ranks;
  }
}
