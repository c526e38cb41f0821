package io.swiftjvm.train.objective;

import java.util.Map;

/**
 * What a validation tells beside the loss, by the names of ms-swift's {@code eval_metric}. One is made for each validation
 * and sees its texts (or labelled tokens) in order.
 *
 * {@snippet :
 * Measure measure = RankLoss.POINTWISE.measure();
 * measure.see(scores, labels);
 * double rank = measure.values().get("mrr");
 * }
 */
public interface Measure {
  /** Nothing. */
  Measure NONE = new Measure() {
    @Override
    public void see(double[][] outputs, float[] labels) {}

    @Override
    public Map<String, Double> values() {
      return Map.of();
    }
  };

  /**
   * Takes the next texts.
   *
   * @param outputs one row for each: a vector, a score, or the number of the class or token that the model thinks best
   * @param labels one for each, see the losses
   */
  void see(double[][] outputs, float[] labels);

  /** The metrics by name; those that the texts do not define are missing. */
  Map<String, Double> values();
}
