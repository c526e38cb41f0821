package io.swiftjvm.text.jinja;

/** A failure inside the interpreter; the line is filled in by the innermost node that knows one. */
final class JinjaError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private int line;

  JinjaError(String message) {
    super(message, null, false, false);
  }

  JinjaError at(int place) {
    if (line == 0) {
      line = place;
    }
    return this;
  }

  int line() {
    return line;
  }

  /** The message that Jinja would give, with the line in front. */
  String located() {
    return line == 0 ? String.valueOf(getMessage()) : "line " + line + ": " + getMessage();
  }
}
