package io.swiftjvm.text;

import java.util.Arrays;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * Decodes a window of the last ids twice, with and without the new one, and shows the difference: what a token adds can
 * depend on the one before it. A difference that ends in U+FFFD waits for the missing bytes.
 */
final class WindowDecoder implements StreamDecoder {
  /** A character has at most four bytes; ids that make none for so long are garbage and are shown as such. */
  private static final int MAX_HELD = 32;

  private final Tokenizer tokenizer;
  private final boolean skipSpecialTokens;
  private final IntFunction<String> alone;
  private final Set<Integer> skipped;
  private int[] window = new int[MAX_HELD];
  private int length;
  private int shownIds;
  private String shown = "";

  /**
   * A decoder at the start of a text.
   *
   * @param alone the text of one id without others
   */
  WindowDecoder(Tokenizer tokenizer, boolean skipSpecialTokens, IntFunction<String> alone) {
    this.tokenizer = tokenizer;
    this.alone = alone;
    this.skipSpecialTokens = skipSpecialTokens;
    this.skipped = skipSpecialTokens ? tokenizer.special().all() : Set.of();
  }

  @Override
  public String push(int id) {
    if (skipped.contains(id)) {
      return "";
    }
    if (length == window.length) {
      window = Arrays.copyOf(window, 2 * length);
    }
    window[length++] = id;
    return release(length - shownIds >= MAX_HELD);
  }

  @Override
  public String finish() {
    String rest = release(true);
    length = 0;
    shownIds = 0;
    shown = "";
    return rest;
  }

  private String release(boolean force) {
    String text = decode();
    if (!force && (text.length() <= shown.length() || text.endsWith("\ufffd"))) {
      return "";
    }
    // With byte fallback one bad byte turns all bytes beside it bad; what was shown stays.
    String fresh = text.startsWith(shown) ? text.substring(shown.length()) : text.substring(common(text));
    length -= shownIds;
    System.arraycopy(window, shownIds, window, 0, length);
    shownIds = length;
    shown = length == 1 ? alone.apply(window[0]) : decode();
    return fresh;
  }

  private int common(String text) {
    int most = Math.min(text.length(), shown.length());
    int at = 0;
    while (at < most && text.charAt(at) == shown.charAt(at)) {
      at++;
    }
    return at;
  }

  private String decode() {
    return tokenizer.decode(Arrays.copyOf(window, length), skipSpecialTokens);
  }
}
