package io.swiftjvm.train.objective;

import java.util.List;
import java.util.Map;

/**
 * How much nearer the questions of a validation are to their answers than to all other texts: {@code mean_pos} and
 * {@code mean_neg}, the mean similarities, and {@code margin}, the mean of answer less the nearest other.
 */
final class NegativesMeasure extends SeenRows {
  private final boolean wholeBatch;

  /** Others are the wrong answers of the own question, or of all. */
  NegativesMeasure(boolean wholeBatch) {
    this.wholeBatch = wholeBatch;
  }

  @Override
  Map<String, Double> values(double[][] rows, float[] labels) {
    List<Integer> starts = InfoNce.starts(labels);
    int groups = starts.size() - 1;
    double right = 0;
    double margin = 0;
    double wrong = 0;
    long count = 0;
    for (int g = 0; g < groups; g++) {
      int question = starts.get(g);
      double own = PairLoss.dot(rows[question], rows[question + 1]);
      double nearest = Double.NEGATIVE_INFINITY;
      for (int other = wholeBatch ? 0 : g; other < (wholeBatch ? groups : g + 1); other++) {
        for (int text = starts.get(other) + 1; text < starts.get(other + 1); text++) {
          if (text != question + 1) {
            double near = PairLoss.dot(rows[question], rows[text]);
            nearest = Math.max(nearest, near);
            wrong += near;
            count++;
          }
        }
      }
      right += own / groups;
      margin += (own - nearest) / groups;
    }
    return Map.of("mean_pos", right, "mean_neg", wrong / count, "margin", margin);
  }
}
