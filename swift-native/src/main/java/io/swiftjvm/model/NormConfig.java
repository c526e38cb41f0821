package io.swiftjvm.model;

/**
 * RMS norms (arXiv 1910.07467).
 *
 * @param eps added to the mean square
 * @param shift added to the weight: 0, or 1 for Gemma's norms
 */
public record NormConfig(float eps, float shift) {}
