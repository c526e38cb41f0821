package io.swiftjvm.error;

/** Native memory is used up: its limit was reached, or the operating system has none left. Nothing is broken by it. */
public final class MemoryException extends SwiftException {
  private static final long serialVersionUID = 1L;

  private final long asked;
  private final long used;
  private final long limit;

  /**
   * A refusal with its numbers.
   *
   * @param asked bytes that were asked for
   * @param used bytes in use then
   * @param limit bytes allowed; {@link Long#MAX_VALUE} if the operating system refused
   */
  public MemoryException(long asked, long used, long limit, String message) {
    super(message);
    this.asked = asked;
    this.used = used;
    this.limit = limit;
  }

  /** The same refusal with more to say. */
  public MemoryException(MemoryException cause, String message) {
    super(message, cause);
    asked = cause.asked;
    used = cause.used;
    limit = cause.limit;
  }

  /** Bytes that were asked for. */
  public long asked() {
    return asked;
  }

  /** Bytes in use then. */
  public long used() {
    return used;
  }

  /** Bytes allowed; {@link Long#MAX_VALUE} if the operating system refused. */
  public long limit() {
    return limit;
  }
}
