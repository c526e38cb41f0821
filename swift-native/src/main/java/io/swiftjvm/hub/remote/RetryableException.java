package io.swiftjvm.hub.remote;

import io.swiftjvm.error.HubException.Reason;
import java.io.IOException;
import java.time.Duration;

/** A failure that may pass, with the wait that the hub asked for (zero when it did not). */
final class RetryableException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Reason reason;
  private final Duration retryAfter;

  RetryableException(String message, Duration retryAfter) {
    this(Reason.UNREACHABLE, message, retryAfter);
  }

  RetryableException(Reason reason, String message, Duration retryAfter) {
    super(message);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** What the download ends with when the failure does not pass. */
  Reason reason() {
    return reason;
  }

  Duration retryAfter() {
    return retryAfter;
  }
}
