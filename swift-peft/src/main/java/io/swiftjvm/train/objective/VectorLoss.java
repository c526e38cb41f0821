package io.swiftjvm.train.objective;

/**
 * A loss over the vectors (or scores) of a batch of texts. Such batches are small beside the pass that makes the vectors,
 * so it is computed on the host, in double.
 *
 * {@snippet :
 * VectorLoss negatives = (rows, labels) -> myLoss(rows, labels);
 * }
 */
@FunctionalInterface
public interface VectorLoss {
  /**
   * A loss with its gradient.
   *
   * @param loss the value
   * @param gradient of each value of the rows
   */
  record Value(double loss, double[][] gradient) {}

  /**
   * The loss of texts in their order.
   *
   * @param rows one row for each text: a vector, or one score
   * @param labels one for each text, see the losses
   */
  Value of(double[][] rows, float[] labels);

  /** How many parts the mean is over, for accumulation: pairs, groups or rows. Default: one for each text. */
  default double parts(float[] labels) {
    return labels.length;
  }

  /** What a validation tells of the vectors or scores, a new one for each. Default: nothing. */
  default Measure measure() {
    return Measure.NONE;
  }
}
