package io.swiftjvm.serve;

import java.nio.charset.StandardCharsets;

/** Strings that come from clients. */
final class Text {
  private static final int BRIEF = 64;

  private Text() {}

  /** What an error message repeats of a client's text. */
  static String brief(String text) {
    String plain = text.replaceAll("\\p{Cntrl}", " ");
    return plain.length() <= BRIEF ? plain : plain.substring(0, BRIEF) + "...";
  }

  /** The same text, but halves of characters, which no tokenizer takes, are U+FFFD. */
  static String whole(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
      }
    }
    return text;
  }

  static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
