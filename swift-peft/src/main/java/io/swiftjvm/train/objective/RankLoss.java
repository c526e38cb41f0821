package io.swiftjvm.train.objective;

import io.swiftjvm.error.InvalidPlanException;

/**
 * Losses over the scores of texts that may answer a question; label 1 for right ones, 0 for wrong ones. A group is a right
 * text and the wrong ones behind it.
 *
 * @param listwise cross-entropy of the right text within each group, else binary cross-entropy of each text alone
 * @param temperature divides the scores of a group
 * @param smallest groups of fewer texts are left out
 */
public record RankLoss(boolean listwise, double temperature, int smallest) implements VectorLoss {
  /** Each text alone. */
  public static final RankLoss POINTWISE = new RankLoss(false, 1, 1);
  /** Groups of two and more. */
  public static final RankLoss LISTWISE = new RankLoss(true, 1, 2);

  public RankLoss {
    if (!(temperature > 0) || smallest < 1) {
      throw new InvalidPlanException("a rank loss has temperature " + temperature + " and groups of at least " + smallest
          + "; the temperature must be above 0, groups of 1 or more.");
    }
  }

  @Override
  public Value of(double[][] rows, float[] labels) {
    return listwise ? groups(rows, labels) : alone(rows, labels);
  }

  private static Value alone(double[][] rows, float[] labels) {
    double[][] gradient = new double[rows.length][1];
    double loss = 0;
    for (int i = 0; i < rows.length; i++) {
      double x = rows[i][0];
      loss += (Math.max(x, 0) - x * labels[i] + Math.log1p(Math.exp(-Math.abs(x)))) / rows.length;
      gradient[i][0] = (1 / (1 + Math.exp(-x)) - labels[i]) / rows.length;
    }
    return new Value(loss, gradient);
  }

  private Value groups(double[][] rows, float[] labels) {
    double[][] gradient = new double[rows.length][1];
    double loss = 0;
    int count = count(labels);
    for (int from = 0; from < rows.length; from = end(labels, from)) {
      int to = end(labels, from);
      if (labels[from] == 1 && to - from >= smallest) {
        loss += group(rows, from, to, gradient, count);
      }
    }
    return new Value(count == 0 ? 0 : loss / count, gradient);
  }

  private double group(double[][] rows, int from, int to, double[][] gradient, int count) {
    double most = Double.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      most = Math.max(most, rows[i][0] / temperature);
    }
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += Math.exp(rows[i][0] / temperature - most);
    }
    for (int i = from; i < to; i++) {
      double share = Math.exp(rows[i][0] / temperature - most) / sum;
      gradient[i][0] = (share - (i == from ? 1 : 0)) / temperature / count;
    }
    return most + Math.log(sum) - rows[from][0] / temperature;
  }

  private int count(float[] labels) {
    int count = 0;
    for (int from = 0; from < labels.length; from = end(labels, from)) {
      count += labels[from] == 1 && end(labels, from) - from >= smallest ? 1 : 0;
    }
    return count;
  }

  static int end(float[] labels, int from) {
    int to = from + 1;
    while (to < labels.length && labels[to] != 1) {
      to++;
    }
    return to;
  }

  @Override
  public Measure measure() {
    return new RankMeasure();
  }

  @Override
  public double parts(float[] labels) {
    return listwise ? count(labels) : labels.length;
  }
}
