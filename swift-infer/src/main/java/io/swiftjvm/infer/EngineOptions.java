package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;

/**
 * Sizes of an engine.
 *
 * @param maxSequences sequences of one call that are worked on at once; further ones wait
 * @param prefillTokens most prompt tokens in one pass; bounds the memory of long prompts
 */
public record EngineOptions(int maxSequences, int prefillTokens) {
  /** 32 sequences, 512 prompt tokens. */
  public static final EngineOptions DEFAULT = new EngineOptions(32, 512);

  public EngineOptions {
    if (maxSequences < 1 || prefillTokens < 1) {
      throw new InvalidPlanException("engine: maxSequences is " + maxSequences + " and prefillTokens " + prefillTokens
          + "; both must be 1 or more.");
    }
  }

  /** Sets the sequences worked on at once. Default: 32. Legal: 1 or more. */
  public EngineOptions maxSequences(int value) {
    return new EngineOptions(value, prefillTokens);
  }

  /** Sets the prompt tokens of one pass. Default: 512. Legal: 1 or more. */
  public EngineOptions prefillTokens(int value) {
    return new EngineOptions(maxSequences, value);
  }
}
