package io.swiftjvm.error;

/** A tokenizer file is malformed or a text cannot be tokenised. */
public final class TokenizerException extends SwiftException {
  private static final long serialVersionUID = 1L;

  public TokenizerException(String message) {
    super(message);
  }

  public TokenizerException(String message, Throwable cause) {
    super(message, cause);
  }
}
