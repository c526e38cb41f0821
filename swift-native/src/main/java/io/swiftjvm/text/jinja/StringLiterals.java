package io.swiftjvm.text.jinja;

/** Escapes of Python string literals. */
final class StringLiterals {
  private StringLiterals() {}

  static String value(String literal, int line) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    StringBuilder out = new StringBuilder(literal.length());
    for (int at = 0; at < literal.length();) {
      char c = literal.charAt(at);
      if (c == '\\' && at + 1 < literal.length()) {
        at = escape(literal, at + 1, line, out);
      } else {
        out.append(c);
        at++;
      }
    }
    return out.toString();
  }

  /** Appends what the escape means whose letter is at {@code at}; returns the index after it. */
  private static int escape(String literal, int at, int line, StringBuilder out) {
    char c = literal.charAt(at);
    switch (c) {
      case '\n' -> { }
      case '\\', '\'', '"' -> out.append(c);
      case 'n' -> out.append('\n');
      case 't' -> out.append('\t');
      case 'r' -> out.append('\r');
      case 'a' -> out.append('\u0007');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'v' -> out.append('\u000b');
      case 'x' -> {
        return code(literal, at + 1, 2, 16, line, out);
      }
      case 'u' -> {
        return code(literal, at + 1, 4, 16, line, out);
      }
      case 'U' -> {
        return code(literal, at + 1, 8, 16, line, out);
      }
      case '0', '1', '2', '3', '4', '5', '6', '7' -> {
        int digits = 1;
        while (digits < 3 && at + digits < literal.length() && Character.digit(literal.charAt(at + digits), 8) >= 0) {
          digits++;
        }
        return code(literal, at, digits, 8, line, out);
      }
      default -> out.append('\\').append(c);
    }
    return at + 1;
  }

  private static int code(String literal, int at, int digits, int radix, int line, StringBuilder out) {
    if (at + digits <= literal.length()) {
      try {
        int point = Integer.parseUnsignedInt(literal.substring(at, at + digits), radix);
        if (Character.isValidCodePoint(point)) {
          out.appendCodePoint(point);
          return at + digits;
        }
      } catch (NumberFormatException e) {
        throw new JinjaError("malformed escape in a string, found " + e.getMessage()).at(line);
      }
    }
    throw new JinjaError("malformed escape in a string").at(line);
  }
}
