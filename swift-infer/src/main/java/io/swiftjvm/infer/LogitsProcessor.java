package io.swiftjvm.infer;

/**
 * Changes the scores of the next token before it is chosen. One instance serves one sequence, one step after the other.
 */
@FunctionalInterface
public interface LogitsProcessor {
  /** Works on {@code scores} (V) in place; negative infinity forbids a token. */
  void apply(TokenHistory history, float[] scores);
}
