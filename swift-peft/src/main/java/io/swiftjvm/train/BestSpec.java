package io.swiftjvm.train;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which checkpoint counts as the best: the one whose evaluation gave the best value of a metric. It is never rotated
 * away.
 *
 * {@snippet :
 * CheckpointSpec.to(folder).saveSteps(50).best(b -> b.loadAtEnd(true)); // with an evaluation every 50 steps
 * }
 *
 * @param metric {@code loss}, or another value that the evaluation reports; {@code eval_} before it is dropped
 * @param greaterIsBetter null = greater is better unless the metric's name ends in {@code loss}
 * @param loadAtEnd put the best weights back when the training is done
 * @param patience end the training after so many saves without a better one; 0 = never
 */
public record BestSpec(String metric, @Nullable Boolean greaterIsBetter, boolean loadAtEnd, int patience) {
  /** The least validation loss, and nothing is put back. */
  public static final BestSpec DEFAULT = new BestSpec("loss", null, false, 0);

  public BestSpec {
    metric = metric.toLowerCase(Locale.ROOT).startsWith("eval_") ? metric.substring(5) : metric;
    if (metric.isBlank()) {
      throw new InvalidPlanException("metric_for_best_model is empty; name a value of the evaluation, such as loss.");
    }
    if (patience < 0) {
      throw new InvalidPlanException("early_stop_interval is " + patience + "; it must be 0 (never) or more.");
    }
  }

  /** Sets the metric. Default: loss. */
  public BestSpec metric(String value) {
    return new BestSpec(value, greaterIsBetter, loadAtEnd, patience);
  }

  /** Sets the direction. Default: null, by the metric's name. */
  public BestSpec greaterIsBetter(@Nullable Boolean value) {
    return new BestSpec(metric, value, loadAtEnd, patience);
  }

  /** Puts the best weights back at the end. Default: false. */
  public BestSpec loadAtEnd(boolean on) {
    return new BestSpec(metric, greaterIsBetter, on, patience);
  }

  /** Ends the training after so many saves without a better one. Default: 0, never. */
  public BestSpec patience(int value) {
    return new BestSpec(metric, greaterIsBetter, loadAtEnd, value);
  }

  /** Whether a value of the metric is better than another; a NaN never is. */
  boolean better(double value, double than) {
    boolean greater = greaterIsBetter != null ? greaterIsBetter : !metric.endsWith("loss");
    return greater ? value > than : value < than;
  }
}
