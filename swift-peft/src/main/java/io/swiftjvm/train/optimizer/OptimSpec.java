package io.swiftjvm.train.optimizer;

import io.swiftjvm.error.InvalidPlanException;
import org.jspecify.annotations.Nullable;

/**
 * AdamW (arXiv 1711.05101) and gradient clipping.
 *
 * @param learningRate peak rate, above 0; null = 1e-4 for adapters, 1e-5 for full tuning
 * @param beta1 decay of the mean, 0 .. below 1
 * @param beta2 decay of the square, 0 .. below 1
 * @param epsilon added to the denominator, above 0
 * @param weightDecay decoupled decay, at least 0
 * @param decayAll decay norms and biases too; by default they are left alone, as the HF Trainer does
 * @param maxGradNorm gradients are scaled down to this norm; 0 = off
 */
public record OptimSpec(
    @Nullable Double learningRate, double beta1, double beta2, double epsilon, double weightDecay, boolean decayAll,
    double maxGradNorm) {
  /** The defaults of ms-swift. */
  public static final OptimSpec DEFAULT = new OptimSpec(null, 0.9, 0.95, 1e-8, 0.1, false, 1.0);

  public OptimSpec {
    if (learningRate != null) {
      check("learningRate", learningRate, learningRate > 0, "above 0");
    }
    check("beta1", beta1, beta1 >= 0 && beta1 < 1, "0 .. below 1");
    check("beta2", beta2, beta2 >= 0 && beta2 < 1, "0 .. below 1");
    check("epsilon", epsilon, epsilon > 0, "above 0");
    check("weightDecay", weightDecay, weightDecay >= 0, "0 or more");
    check("maxGradNorm", maxGradNorm, maxGradNorm >= 0, "0 (off) or more");
  }

  /** The rate to use: the given one, or the default of the tuner. */
  public double rate(boolean fullTuning) {
    return learningRate != null ? learningRate : fullTuning ? 1e-5 : 1e-4;
  }

  /** Sets the peak rate. Default: 1e-4 for adapters, 1e-5 for full tuning. */
  public OptimSpec learningRate(@Nullable Double value) {
    return new OptimSpec(value, beta1, beta2, epsilon, weightDecay, decayAll, maxGradNorm);
  }

  /** Sets both betas. Default: 0.9 and 0.95. */
  public OptimSpec betas(double first, double second) {
    return new OptimSpec(learningRate, first, second, epsilon, weightDecay, decayAll, maxGradNorm);
  }

  /** Sets epsilon. Default: 1e-8. */
  public OptimSpec epsilon(double value) {
    return new OptimSpec(learningRate, beta1, beta2, value, weightDecay, decayAll, maxGradNorm);
  }

  /** Sets the weight decay. Default: 0.1. */
  public OptimSpec weightDecay(double value) {
    return new OptimSpec(learningRate, beta1, beta2, epsilon, value, decayAll, maxGradNorm);
  }

  /** Decays norms and biases too. Default: false. */
  public OptimSpec decayAll(boolean on) {
    return new OptimSpec(learningRate, beta1, beta2, epsilon, weightDecay, on, maxGradNorm);
  }

  /** Sets the clipping norm. Default: 1. 0 switches clipping off. */
  public OptimSpec maxGradNorm(double value) {
    return new OptimSpec(learningRate, beta1, beta2, epsilon, weightDecay, decayAll, value);
  }

  private static void check(String field, double value, boolean legal, String range) {
    if (!legal || !Double.isFinite(value)) {
      throw new InvalidPlanException("optim." + field + " is " + value + "; it must be " + range + ".");
    }
  }
}
