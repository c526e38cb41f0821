package io.swiftjvm.backend;

/**
 * One AdamW update, torch's form: {@code p *= 1 - lr*weightDecay}; {@code p -= lr/biasCorrection1 * m /
 * (sqrt(v)/sqrt(biasCorrection2) + eps)} (Loshchilov and Hutter, arXiv 1711.05101).
 *
 * @param gradScale the gradient is multiplied by this first (clipping)
 */
public record AdamStep(
    float lr, float beta1, float beta2, float eps, float weightDecay, double biasCorrection1, double biasCorrection2,
    float gradScale) {}
