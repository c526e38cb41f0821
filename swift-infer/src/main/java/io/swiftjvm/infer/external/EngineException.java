package io.swiftjvm.infer.external;

import io.swiftjvm.error.SwiftException;

/** An engine outside this JVM cannot be started or reached, refused, or said what nobody can read. */
public final class EngineException extends SwiftException {
  private static final long serialVersionUID = 1L;

  /** What went wrong, for programs. */
  public enum Reason {
    /** The command that would start it is not there. */
    NOT_INSTALLED,
    /** It ended or was not ready in time. */
    NOT_STARTED,
    /** No connection, or one that broke. */
    UNREACHABLE,
    /** It said nothing for too long. */
    TIMEOUT,
    /** The key is wrong or missing: 401, 403. */
    UNAUTHORIZED,
    /** No such model or path: 404. */
    NOT_FOUND,
    /** Too much to do, may be tried again: 429, 503. */
    OVERLOADED,
    /** The request is wrong in its eyes: other 4xx. */
    REFUSED,
    /** A failure of its own: other statuses, or an error in the stream. */
    FAILED,
    /** An answer that is none of the OpenAI API. */
    PROTOCOL
  }

  private final Reason reason;
  private final int status;

  EngineException(Reason reason, int status, String message) {
    super(message);
    this.reason = reason;
    this.status = status;
  }

  EngineException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.status = 0;
  }

  /** What went wrong. */
  public Reason reason() {
    return reason;
  }

  /** The HTTP status, or 0 where there was none. */
  public int status() {
    return status;
  }

  static Reason of(int status) {
    return switch (status) {
      case 401, 403 -> Reason.UNAUTHORIZED;
      case 404 -> Reason.NOT_FOUND;
      case 429, 503 -> Reason.OVERLOADED;
      default -> status >= 400 && status < 500 ? Reason.REFUSED : Reason.FAILED;
    };
  }
}
