package io.swiftjvm.hub.remote;

import java.io.IOException;
import java.time.Duration;

/** A failure that may pass, with the wait that the hub asked for (zero when it did not). */
final class RetryableException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Duration retryAfter;

  RetryableException(String message, Duration retryAfter) {
    super(message);
    this.retryAfter = retryAfter;
  }

  Duration retryAfter() {
    return retryAfter;
  }
}
