package io.swiftjvm.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The bytes that a single token stands for, also where they are no whole character. Thread-safe while the tokenizer is
 * open.
 *
 * {@snippet :
 * byte[] blankAndHello = new TokenBytes(tokenizer).of(tokenizer.id("Ġhello").getAsInt());
 * }
 */
public final class TokenBytes {
  private static final int BYTES = 256;

  private final Tokenizer tokenizer;
  private final boolean byteLevel;
  /** Byte of each char of the byte-level alphabet, -1 for others. */
  private final int[] alphabet = new int[2 * BYTES + BYTES];

  /** Reads the tokens of {@code tokenizer}, which stays with its owner. */
  public TokenBytes(Tokenizer tokenizer) {
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

  /** The bytes of a token, none for an id without one: a model may have more rows than its tokenizer has tokens. */
  public byte[] of(int id) {
    String entry;
    try {
      entry = tokenizer.token(id);
    } catch (RuntimeException e) {
      return new byte[0];
    }
    if (entry.length() == 6 && entry.matches("<0x[0-9A-Fa-f]{2}>")) {
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
