package io.swiftjvm.text.jinja;

/** White space as Python's {@code str.isspace} and {@code \s} see it. */
final class Spaces {
  private Spaces() {}

  static boolean isSpace(int c) {
    return (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
  }

  /** First index at or after {@code from} that is no white space. */
  static int skip(String text, int from) {
    int at = from;
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  static String stripEnd(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  static String strip(String text) {
    return stripEnd(text.substring(skip(text, 0)));
  }

  static boolean isBlank(String text, int from) {
    return skip(text, from) == text.length();
  }
}
