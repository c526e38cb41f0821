package io.swiftjvm.infer;

import java.util.Arrays;

/** Processors that forbid tokens or force one. */
public final class Constraints {
  private static final float NEVER = Float.NEGATIVE_INFINITY;

  private Constraints() {}

  /** No {@code size} tokens come twice in the same order, prompt included. */
  public static LogitsProcessor noRepeatNgram(int size) {
    if (size < 1) {
      throw new IllegalArgumentException("noRepeatNgram needs a size of 1 or more, got " + size);
    }
    return (history, scores) -> {
      int before = size - 1;
      int end = history.length() - before;
      for (int start = 0; start < end; start++) {
        boolean same = true;
        for (int i = 0; i < before && same; i++) {
          same = history.id(start + i) == history.id(end + i);
        }
        if (same && start + before < history.length() && history.id(start + before) < scores.length) {
          scores[history.id(start + before)] = NEVER;
        }
      }
    };
  }

  /** The token sequence {@code ids} is never completed. */
  public static LogitsProcessor never(int... ids) {
    return Penalties.sequenceBias(NEVER, ids);
  }

  /** Tokens that are never chosen. */
  public static LogitsProcessor suppress(int... ids) {
    int[] banned = ids.clone();
    return (history, scores) -> Arrays.stream(banned).forEach(id -> scores[id] = NEVER);
  }

  /** The output does not end before it has {@code tokens} tokens. */
  public static LogitsProcessor minTokens(int tokens, int... endIds) {
    LogitsProcessor ends = suppress(endIds);
    return (history, scores) -> {
      if (history.length() - history.promptLength() < tokens) {
        ends.apply(history, scores);
      }
    };
  }

  /** When prompt and output would reach {@code length} tokens, the last one is {@code endId}. */
  public static LogitsProcessor forcedEnd(int length, int endId) {
    return (history, scores) -> {
      if (history.length() == length - 1) {
        Arrays.fill(scores, NEVER);
        scores[endId] = 0;
      }
    };
  }
}
