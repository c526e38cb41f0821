package io.swiftjvm.backend;

/**
 * One AdamW update, torch's form: {@code p *= 1 - lr*weightDecay}; {@code p -= lr/biasCorrection1 * m /
 * (sqrt(v)/sqrt(biasCorrection2) + eps)} (Loshchilov and Hutter, arXiv 1711.05101).
 *
 * @param gradScale the gradient is multiplied by this first (clipping)
 */
public record AdamStep(
    float lr, float beta1, float beta2, float eps, float weightDecay, double biasCorrection1, double biasCorrection2,
    float gradScale) {
  /** The factor on p: {@code 1 - lr * weightDecay}. */
  public float decay() {
    return (float) (1 - decimal(lr) * decimal(weightDecay));
  }

  /** The factor on {@code m / denominator}: {@code lr / biasCorrection1}. */
  public float size() {
    return (float) (decimal(lr) / biasCorrection1);
  }

  /** The factor on {@code sqrt(v)}: {@code 1 / sqrt(biasCorrection2)}. */
  public float root() {
    return (float) (1 / Math.sqrt(biasCorrection2));
  }

  /** {@code 1 - beta1}. */
  public float rest1() {
    return (float) (1 - decimal(beta1));
  }

  /** {@code 1 - beta2}. */
  public float rest2() {
    return (float) (1 - decimal(beta2));
  }

  /** The float next to 0.999 is 1.3e-8 off, which is 1.3e-5 of what remains to 1; the decimal that was meant is not. */
  private static double decimal(float value) {
    return Double.parseDouble(Float.toString(value));
  }
}
