package io.swiftjvm.infer;

import java.util.BitSet;

/** Processors that move scores by what was said before. */
public final class Penalties {
  private Penalties() {}

  /**
   * Scores of tokens in prompt or output are divided by {@code penalty} where positive and multiplied where negative
   * (CTRL, arXiv 1909.05858). Over 1 discourages.
   */
  public static LogitsProcessor repetition(double penalty) {
    float factor = (float) penalty;
    return (history, scores) -> {
      BitSet seen = history.distinct(0, scores.length);
      for (int id = seen.nextSetBit(0); id >= 0; id = seen.nextSetBit(id + 1)) {
        scores[id] = scores[id] < 0 ? scores[id] * factor : scores[id] / factor;
      }
    };
  }

  /**
   * Scores of tokens in the output lose {@code presence} once and {@code frequency} for every time they came, as in the
   * OpenAI API.
   */
  public static LogitsProcessor presence(double presence, double frequency) {
    return (history, scores) -> {
      for (int i = history.promptLength(); i < history.length(); i++) {
        scores[history.id(i)] -= (float) frequency;
      }
      BitSet seen = history.distinct(history.promptLength(), scores.length);
      for (int id = seen.nextSetBit(0); id >= 0; id = seen.nextSetBit(id + 1)) {
        scores[id] -= (float) presence;
      }
    };
  }

  /** Beyond {@code start} output tokens the end token gains {@code |score| * (factor^(tokens beyond) - 1)}. */
  public static LogitsProcessor exponentialDecay(int start, double factor, int... endIds) {
    return (history, scores) -> {
      int beyond = history.length() - history.promptLength() - start;
      if (beyond > 0) {
        for (int end : endIds) {
          scores[end] += (float) (Math.abs(scores[end]) * (Math.pow(factor, beyond) - 1));
        }
      }
    };
  }

  /** Adds {@code bias} to the last token of {@code ids} when the tokens before it have just been said. */
  public static LogitsProcessor sequenceBias(double bias, int... ids) {
    if (ids.length == 0) {
      throw new IllegalArgumentException("a sequence bias needs at least one token");
    }
    int[] sequence = ids.clone();
    return (history, scores) -> {
      if (sequence.length <= Math.max(1, history.length()) && history.endsWith(sequence, 1)) {
        scores[sequence[sequence.length - 1]] += (float) bias;
      }
    };
  }
}
