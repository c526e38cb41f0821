package io.swiftjvm.error;

/** A training checkpoint cannot be written, is damaged, or does not fit the plan. */
public final class CheckpointException extends SwiftException {
  private static final long serialVersionUID = 1L;

  public CheckpointException(String message) {
    super(message);
  }

  public CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}
