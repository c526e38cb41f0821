package io.swiftjvm.model;

/**
 * Norms: RMS (arXiv 1910.07467) or layer norms (arXiv 1607.06450).
 *
 * @param eps added to the mean square
 * @param shift added to the weight: 0, or 1 for Gemma's norms
 * @param centered the mean is taken away first: a layer norm
 * @param bias there is a bias
 */
public record NormConfig(float eps, float shift, boolean centered, boolean bias) {
  /** An RMS norm. */
  public static NormConfig rms(double eps) {
    return new NormConfig((float) eps, 0, false, false);
  }
}
