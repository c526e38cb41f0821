package io.swiftjvm.hub.remote;

import java.io.IOException;

/** What has come of a file cannot be continued: it changed, or its bytes are wrong. */
final class RestartException extends IOException {
  private static final long serialVersionUID = 1L;

  private final boolean rangesIgnored;

  RestartException(String message) {
    this(message, false);
  }

  RestartException(String message, boolean rangesIgnored) {
    super(message);
    this.rangesIgnored = rangesIgnored;
  }

  /** True when the hub answers a request for a part with the whole file. */
  boolean rangesIgnored() {
    return rangesIgnored;
  }
}
