package io.swiftjvm.error;

/** A device or native library that was asked for is not there or failed. */
public final class DeviceException extends SwiftException {
  private static final long serialVersionUID = 1L;

  public DeviceException(String message) {
    super(message);
  }

  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }
}
