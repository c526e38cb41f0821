package io.swiftjvm.error;

/** The work was cancelled by its caller; whatever was to be kept has been saved. */
public final class CancelledException extends SwiftException {
  private static final long serialVersionUID = 1L;

  public CancelledException(String message) {
    super(message);
  }

  public CancelledException(String message, Throwable cause) {
    super(message, cause);
  }
}
