package io.swiftjvm.bench.tiny;

import java.nio.charset.StandardCharsets;

/**
 * The byte-level alphabet of GPT-2 (Radford et al. 2019): each byte has one printable character; those that have none
 * of their own get the characters from U+0100 on. The vocabulary of {@code tokenizer.json} is written in it.
 */
final class ByteLetters {
  private static final char[] LETTERS = letters();

  private ByteLetters() {}

  /** The character that stands for byte {@code value}, 0 .. 255. */
  static char of(int value) {
    return LETTERS[value];
  }

  /** The bytes of {@code text} in UTF-8, each as a number from 0 to 255. */
  static int[] bytes(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int[] values = new int[utf8.length];
    for (int i = 0; i < utf8.length; i++) {
      values[i] = utf8[i] & 0xff;
    }
    return values;
  }

  private static char[] letters() {
    char[] letters = new char[256];
    char next = 0x100;
    for (int value = 0; value < letters.length; value++) {
      boolean printable = value > 0x20 && value < 0x7f || value > 0xa0 && value != 0xad;
      letters[value] = printable ? (char) value : next++;
    }
    return letters;
  }
}
