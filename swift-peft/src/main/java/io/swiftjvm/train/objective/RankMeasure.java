package io.swiftjvm.train.objective;

import java.util.Comparator;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Where the right text of a group stands when its texts are ordered by score: {@code mrr}, the mean of 1 over its place, and
 * {@code ndcg}, the mean of the discounted gain over the best possible one. A group is a text with label 1 and those behind
 * it; groups of one text do not count.
 */
final class RankMeasure extends SeenRows {
  @Override
  Map<String, Double> values(double[][] rows, float[] labels) {
    double places = 0;
    double gains = 0;
    int groups = 0;
    for (int from = 0; from < labels.length; from = RankLoss.end(labels, from)) {
      int start = from;
      int size = RankLoss.end(labels, from) - from;
      if (labels[from] == 1 && size > 1) {
        int[] order = IntStream.range(0, size).boxed().sorted(Comparator.comparingDouble(i -> -rows[start + i][0]))
            .mapToInt(i -> start + i).toArray();
        int[] best = IntStream.range(0, size).boxed().sorted(Comparator.comparingDouble(i -> -labels[start + i]))
            .mapToInt(i -> start + i).toArray();
        places += 1.0 / (1 + IntStream.range(0, size).filter(i -> order[i] == start).sum());
        gains += gain(order, labels) / gain(best, labels);
        groups++;
      }
    }
    return Map.of("mrr", places / groups, "ndcg", gains / groups);
  }

  private static double gain(int[] order, float[] labels) {
    double sum = 0;
    for (int i = 0; i < order.length; i++) {
      sum += (Math.pow(2, labels[order[i]]) - 1) / (Math.log(i + 2.0) / Math.log(2));
    }
    return sum;
  }
}
