package io.swiftjvm.backend;

/** The operations of {@link Backend} that have a default composed from primitives. */
public enum FusedOp {
  RMS_NORM, RMS_NORM_BACKWARD, ROPE, GATED, GATED_BACKWARD, ATTENTION, ATTENTION_BACKWARD, CROSS_ENTROPY,
  ADAM_W
}
