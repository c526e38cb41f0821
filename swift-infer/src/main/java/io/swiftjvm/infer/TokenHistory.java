package io.swiftjvm.infer;

import java.util.Arrays;
import java.util.BitSet;

/** The tokens of one sequence so far: the prompt and behind it what was generated. */
public final class TokenHistory {
  private final int promptLength;
  private int[] ids;
  private int length;

  /** A sequence that has {@code prompt} and nothing generated yet. */
  public TokenHistory(int... prompt) {
    this(prompt, prompt.length);
  }

  /** A sequence whose first {@code promptLength} ids are the prompt. */
  public TokenHistory(int[] ids, int promptLength) {
    if (promptLength < 0 || promptLength > ids.length) {
      throw new IllegalArgumentException("a prompt of " + promptLength + " of " + ids.length + " tokens");
    }
    this.ids = ids.clone();
    this.length = ids.length;
    this.promptLength = promptLength;
  }

  /** Tokens of prompt and output. */
  public int length() {
    return length;
  }

  public int promptLength() {
    return promptLength;
  }

  /** The token at {@code index}, 0 .. length - 1. */
  public int id(int index) {
    return ids[index];
  }

  /** The ids in {@code [from, to)}. */
  public int[] ids(int from, int to) {
    return Arrays.copyOfRange(ids, from, to);
  }

  /** The different ids from index {@code from} on, below {@code limit}. */
  BitSet distinct(int from, int limit) {
    BitSet seen = new BitSet(limit);
    for (int i = from; i < length; i++) {
      if (ids[i] < limit) {
        seen.set(ids[i]);
      }
    }
    return seen;
  }

  /** True if the {@code suffix} without its last {@code drop} ids ends the sequence. */
  boolean endsWith(int[] suffix, int drop) {
    int n = suffix.length - drop;
    return n <= length && Arrays.equals(ids, length - n, length, suffix, 0, n);
  }

  void add(int id) {
    if (length == ids.length) {
      ids = Arrays.copyOf(ids, Math.max(16, length * 2));
    }
    ids[length++] = id;
  }
}
