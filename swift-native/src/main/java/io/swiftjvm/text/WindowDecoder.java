package io.swiftjvm.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Decodes a window of the last ids twice, with and without the new one, and shows the difference: what a token adds can
 * depend on the one before it. A difference that ends in U+FFFD waits for the missing bytes.
 */
final class WindowDecoder implements StreamDecoder {
  /** A character has at most four bytes; ids that make none for so long are garbage and are shown as such. */
  private static final int MAX_HELD = 32;

  private final Tokenizer tokenizer;
  private final boolean skipSpecialTokens;
  private final List<Integer> window = new ArrayList<>();
  private int shownIds;
  private String shown = "";

  WindowDecoder(Tokenizer tokenizer, boolean skipSpecialTokens) {
    this.tokenizer = tokenizer;
    this.skipSpecialTokens = skipSpecialTokens;
  }

  @Override
  public String push(int id) {
    if (skipSpecialTokens && tokenizer.special().all().contains(id)) {
      return "";
    }
    window.add(id);
    return release(window.size() - shownIds >= MAX_HELD);
  }

  @Override
  public String finish() {
    String rest = release(true);
    window.clear();
    shownIds = 0;
    shown = "";
    return rest;
  }

  private String release(boolean force) {
    String text = decode(window);
    if (!force && (text.length() <= shown.length() || text.endsWith("\ufffd"))) {
      return "";
    }
    // With byte fallback one bad byte turns all bytes beside it bad; what was shown stays.
    String fresh = text.startsWith(shown) ? text.substring(shown.length()) : text.substring(common(text));
    window.subList(0, shownIds).clear();
    shownIds = window.size();
    shown = decode(window);
    return fresh;
  }

  private int common(String text) {
    int length = Math.min(text.length(), shown.length());
    int at = 0;
    while (at < length && text.charAt(at) == shown.charAt(at)) {
      at++;
    }
    return at;
  }

  private String decode(List<Integer> ids) {
    return tokenizer.decode(ids.stream().mapToInt(Integer::intValue).toArray(), skipSpecialTokens);
  }
}
