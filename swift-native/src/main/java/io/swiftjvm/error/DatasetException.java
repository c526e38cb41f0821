package io.swiftjvm.error;

/** A data file or row is unusable: names file and line. */
public final class DatasetException extends SwiftException {
  private static final long serialVersionUID = 1L;

  public DatasetException(String message) {
    super(message);
  }

  public DatasetException(String message, Throwable cause) {
    super(message, cause);
  }
}
