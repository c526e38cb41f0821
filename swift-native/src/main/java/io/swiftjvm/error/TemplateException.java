package io.swiftjvm.error;

/** A chat template does not parse, refuses the conversation, or exceeds its limits. */
public final class TemplateException extends SwiftException {
  private static final long serialVersionUID = 1L;

  public TemplateException(String message) {
    super(message);
  }

  public TemplateException(String message, Throwable cause) {
    super(message, cause);
  }
}
