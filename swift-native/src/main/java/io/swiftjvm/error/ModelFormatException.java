package io.swiftjvm.error;

/**
 * A checkpoint file (safetensors, config, index, adapter) is malformed or unsupported: names the file and the cause.
 */
public final class ModelFormatException extends SwiftException {
  private static final long serialVersionUID = 1L;

  public ModelFormatException(String message) {
    super(message);
  }

  public ModelFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
