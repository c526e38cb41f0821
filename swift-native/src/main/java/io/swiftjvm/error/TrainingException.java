package io.swiftjvm.error;

/** Training cannot go on, for example because of a loss that is not finite. */
public final class TrainingException extends SwiftException {
  private static final long serialVersionUID = 1L;

  public TrainingException(String message) {
    super(message);
  }

  public TrainingException(String message, Throwable cause) {
    super(message, cause);
  }
}
