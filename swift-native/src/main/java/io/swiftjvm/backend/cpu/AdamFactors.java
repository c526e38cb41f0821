package io.swiftjvm.backend.cpu;

import io.swiftjvm.backend.AdamStep;

/**
 * The constants of an AdamW update as the kernels multiply by them. {@code 1 - beta} is taken from the decimal that the
 * float stands for: the float nearest to 0.999 lies 1.3e-8 away, which is 1.3e-5 of what remains to 1.
 */
record AdamFactors(
    float beta1, float rest1, float beta2, float rest2, float decay, float size, float root, float eps,
    float gradScale) {
  static AdamFactors of(AdamStep s) {
    double lr = decimal(s.lr());
    return new AdamFactors(
        s.beta1(), (float) (1 - decimal(s.beta1())), s.beta2(), (float) (1 - decimal(s.beta2())),
        (float) (1 - lr * decimal(s.weightDecay())), (float) (lr / s.biasCorrection1()),
        (float) (1 / Math.sqrt(s.biasCorrection2())), s.eps(), s.gradScale());
  }

  private static double decimal(float value) {
    return Double.parseDouble(Float.toString(value));
  }
}
