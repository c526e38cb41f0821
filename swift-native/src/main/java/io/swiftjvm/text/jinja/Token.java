package io.swiftjvm.text.jinja;

/** A piece of template source; {@code text} of a string is its value, of other kinds its spelling. */
record Token(Kind kind, String text, int line) {
  enum Kind { DATA, BLOCK_BEGIN, BLOCK_END, PRINT_BEGIN, PRINT_END, NAME, STRING, INTEGER, FLOAT, OPERATOR, EOF }

  boolean is(Kind wanted) {
    return kind == wanted;
  }

  boolean isName(String wanted) {
    return kind == Kind.NAME && text.equals(wanted);
  }

  boolean isOperator(String wanted) {
    return kind == Kind.OPERATOR && text.equals(wanted);
  }

  /** How a message shows the token. */
  String shown() {
    return switch (kind) {
      case EOF -> "the end of the template";
      case DATA -> "template text";
      case BLOCK_END, PRINT_END -> "the end of the tag";
      default -> "'" + text + "'";
    };
  }
}
