package io.swiftjvm.error;

/**
 * Root of every exception that this library throws on purpose. Unchecked. A message has three parts: what was asked,
 * what was found, what to do.
 *
 * {@snippet :
 * try {
 *   Swift.model("some/dir").train(dataset);
 * } catch (SwiftException refusal) {
 *   log.warn(refusal.getMessage());
 * }
 * }
 *
 * @since 0.1
 */
public class SwiftException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public SwiftException(String message) {
    super(message);
  }

  public SwiftException(String message, Throwable cause) {
    super(message, cause);
  }
}
