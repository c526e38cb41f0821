package io.swiftjvm.backend;

/** Elementwise functions of one argument; the activations have a derivative in {@link Backend#unaryBackward}. */
public enum Unary {
  NEGATE, EXP, LOG, SQRT, RSQRT, RECIPROCAL, SQUARE, RELU, SIGMOID, TANH, SILU,
  /** {@code x/2 (1 + erf(x/sqrt 2))}. */
  GELU,
  /** The tanh approximation of GELU. */
  GELU_TANH
}
