package io.swiftjvm.error;

/** A plan or a setting is illegal: names the field, the value and what is allowed. */
public final class InvalidPlanException extends SwiftException {
  private static final long serialVersionUID = 1L;

  public InvalidPlanException(String message) {
    super(message);
  }

  public InvalidPlanException(String message, Throwable cause) {
    super(message, cause);
  }
}
