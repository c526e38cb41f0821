package io.swiftjvm.backend;

/** The operations of {@link Backend} that have a default composed from primitives. */
public enum FusedOp {
  RMS_NORM("rmsNorm"), RMS_NORM_BACKWARD("rmsNormBackward"), ROPE("rope"), GATED("gated"),
  GATED_BACKWARD("gatedBackward"), ATTENTION("attention"), ATTENTION_BACKWARD("attentionBackward"),
  CROSS_ENTROPY("crossEntropy"), ADAM_W("adamW"), ARGMAX("argmax"), SCATTER_ROWS("scatterRows");

  private final String method;

  FusedOp(String method) {
    this.method = method;
  }

  /** The name of its method in {@link Backend}. */
  public String method() {
    return method;
  }
}
