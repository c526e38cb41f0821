package io.swiftjvm.infer;

import io.swiftjvm.error.SwiftException;

/** There is more work than may wait; the same request may be made again later. */
public final class OverloadedException extends SwiftException {
  private static final long serialVersionUID = 1L;

  public OverloadedException(String message) {
    super(message);
  }
}
