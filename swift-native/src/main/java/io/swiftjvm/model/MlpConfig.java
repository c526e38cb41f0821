package io.swiftjvm.model;

import io.swiftjvm.backend.Unary;

/**
 * The gated feed-forward part {@code down(act(gate(x)) * up(x))} (arXiv 2002.05202).
 *
 * @param width columns between the projections, {@code intermediate_size}
 * @param activation SILU for SwiGLU
 * @param bias all three projections have a bias
 */
public record MlpConfig(int width, Unary activation, boolean bias) {}
