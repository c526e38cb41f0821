package io.swiftjvm.error;

/** A model hub refused, cannot be reached, or sent what must not be kept; {@link #reason()} tells these apart. */
public final class HubException extends SwiftException {
  private static final long serialVersionUID = 1L;

  /** Why a download ended. */
  public enum Reason {
    /** The hub has no such repository, revision or file. */
    NOT_FOUND,
    /** The token is missing or wrong. */
    UNAUTHORIZED,
    /** The token's account has not been given access to the repository. */
    FORBIDDEN,
    /** The hub did not answer, or broke off too often. */
    UNREACHABLE,
    /** The bytes that came never had the size and hash that the hub announced. */
    DAMAGED,
    /** The cache folder cannot be written, or is too small. */
    STORAGE,
    /** The hub's answer breaks a rule: a path that leads out of the folder, an unsafe redirect, a limit. */
    REFUSED
  }

  private final Reason reason;

  public HubException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public HubException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Why the download ended. */
  public Reason reason() {
    return reason;
  }
}
