package io.swiftjvm.text;

import java.util.List;

/**
 * Ids with their place in the text. Offsets count <b>code points</b>, as Hugging Face does, not Java chars: call
 * {@link #toCharOffsets} before {@code String.substring}.
 *
 * @param ids token ids
 * @param tokens vocabulary entries of the ids
 * @param starts first code point that the token covers; 0 for tokens that the post-processor added
 * @param ends one past the last code point; equal to the start for tokens without text
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody, read by loops
public record Encoding(int[] ids, List<String> tokens, int[] starts, int[] ends) {
  public Encoding {
    tokens = List.copyOf(tokens);
  }

  /** The number of tokens. */
  public int size() {
    return ids.length;
  }

  /** The same encoding with offsets in Java chars of the text that was encoded. */
  public Encoding toCharOffsets(String text) {
    int[] chars = charOffsets(text);
    return new Encoding(ids, tokens, map(starts, chars), map(ends, chars));
  }

  /**
   * The Java char offset of each code point of the text, and its length as last entry.
   *
   * @return table of size {@code codePoints + 1}
   */
  public static int[] charOffsets(String text) {
    int[] table = new int[text.codePointCount(0, text.length()) + 1];
    for (int point = 0, at = 0; at < text.length(); point++) {
      table[point] = at;
      at += Character.charCount(text.codePointAt(at));
    }
    table[table.length - 1] = text.length();
    return table;
  }

  private static int[] map(int[] offsets, int[] table) {
    int[] mapped = new int[offsets.length];
    for (int i = 0; i < offsets.length; i++) {
      mapped[i] = table[offsets[i]];
    }
    return mapped;
  }
}
