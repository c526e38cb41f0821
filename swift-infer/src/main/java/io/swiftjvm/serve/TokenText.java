package io.swiftjvm.serve;

import io.swiftjvm.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The bytes that a single token stands for, also where they are no whole character. */
final class TokenText {
  private static final int BYTES = 256;

  private final Tokenizer tokenizer;
  private final boolean byteLevel;
  /** Byte of each char of the byte-level alphabet, -1 for others. */
  private final int[] alphabet = new int[2 * BYTES + BYTES];

  TokenText(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    // the char for the blank byte is in every byte-level vocabulary
    this.byteLevel = tokenizer.id("\u0120").isPresent();
    Arrays.fill(alphabet, -1);
    int next = BYTES;
    for (int b = 0; b < BYTES; b++) {
      boolean plain = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      alphabet[plain ? b : next++] = b;
    }
  }

  /** True if the token controls rather than says something. */
  boolean silent(int id) {
    return tokenizer.special().all().contains(id);
  }

  String text(int id) {
    return new String(bytes(id), StandardCharsets.UTF_8);
  }

  byte[] bytes(int id) {
    String entry;
    try {
      entry = tokenizer.token(id);
    } catch (RuntimeException e) {
      return new byte[0]; // the model has more rows than the tokenizer has tokens
    }
    if (entry.matches("<0x[0-9A-Fa-f]{2}>")) {
      return new byte[] {(byte) Integer.parseInt(entry.substring(3, 5), 16)};
    }
    if (byteLevel && entry.chars().allMatch(c -> c < alphabet.length && alphabet[c] >= 0)) {
      byte[] bytes = new byte[entry.length()];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) alphabet[entry.charAt(i)];
      }
      return bytes;
    }
    return entry.replace('\u2581', ' ').getBytes(StandardCharsets.UTF_8);
  }
}
