package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.grammar.GrammarLimits;
import io.swiftjvm.tensor.DType;
import org.jspecify.annotations.Nullable;

/**
 * Sizes of an engine.
 *
 * {@snippet :
 * EngineOptions o = EngineOptions.DEFAULT.maxSequences(64).maxLength(8192).memoryShare(0.5).speculation(new Ngram(4));
 * }
 *
 * @param maxSequences sequences that are worked on at once; further ones wait
 * @param prefillTokens most prompt tokens in one pass; bounds the memory of long prompts
 * @param maxLength most tokens of a prompt and its answer; null = what the model and the cache's memory allow
 * @param memoryShare the part of the memory that is free when the engine starts that keys and values may take
 * @param prefixCache prompts that begin alike share the work and the memory of what is alike
 * @param cacheType of keys and values: {@link DType#F32}, or {@link DType#Q8_BLOCK} for a quarter of the memory and less
 *     exact answers
 * @param speculation how further tokens are guessed; null = they are not. Answers are the same, only faster or slower
 * @param grammars how large the forms may be that answers must have
 */
public record EngineOptions(
    int maxSequences, int prefillTokens, @Nullable Integer maxLength, double memoryShare, boolean prefixCache,
    DType cacheType, @Nullable Speculation speculation, GrammarLimits grammars) {
  /** 32 sequences, 512 prompt tokens, 0.9 of the memory, prefix cache, float32, no guesses. */
  public static final EngineOptions DEFAULT = new EngineOptions(32, 512, null, 0.9, true, DType.F32, null,
      GrammarLimits.DEFAULT);

  public EngineOptions {
    if (maxSequences < 1 || prefillTokens < 1) {
      throw new InvalidPlanException("engine: maxSequences is " + maxSequences + " and prefillTokens " + prefillTokens
          + "; both must be 1 or more.");
    }
    if (maxLength != null && maxLength < 2) {
      throw new InvalidPlanException("engine: maxLength (max_model_len) is " + maxLength + "; it must be 2 or more.");
    }
    if (!(memoryShare > 0 && memoryShare <= 1)) {
      throw new InvalidPlanException(
          "engine: memoryShare (gpu_memory_utilization) is " + memoryShare + "; it must be over 0 and at most 1.");
    }
    if (cacheType != DType.F32 && cacheType != DType.Q8_BLOCK) {
      throw new InvalidPlanException("engine: cacheType is " + cacheType + "; it must be F32 or Q8_BLOCK.");
    }
  }

  /** Sets the sequences worked on at once. Default: 32. Legal: 1 or more. */
  public EngineOptions maxSequences(int value) {
    return new EngineOptions(value, prefillTokens, maxLength, memoryShare, prefixCache, cacheType, speculation,
        grammars);
  }

  /** Sets the prompt tokens of one pass. Default: 512. Legal: 1 or more. */
  public EngineOptions prefillTokens(int value) {
    return new EngineOptions(maxSequences, value, maxLength, memoryShare, prefixCache, cacheType, speculation,
        grammars);
  }

  /** Sets the longest prompt and answer together. Default: what model and memory allow. Legal: 2 or more. */
  public EngineOptions maxLength(@Nullable Integer value) {
    return new EngineOptions(maxSequences, prefillTokens, value, memoryShare, prefixCache, cacheType, speculation,
        grammars);
  }

  /** Sets the part of the free memory for keys and values. Default: 0.9. Legal: over 0, up to 1. */
  public EngineOptions memoryShare(double value) {
    return new EngineOptions(maxSequences, prefillTokens, maxLength, value, prefixCache, cacheType, speculation,
        grammars);
  }

  /** Sets whether prompts share what is alike. Default: true. */
  public EngineOptions prefixCache(boolean value) {
    return new EngineOptions(maxSequences, prefillTokens, maxLength, memoryShare, value, cacheType, speculation,
        grammars);
  }

  /** Sets the type of keys and values. Default: F32. Legal: F32, Q8_BLOCK (heads of a multiple of 32). */
  public EngineOptions cacheType(DType value) {
    return new EngineOptions(maxSequences, prefillTokens, maxLength, memoryShare, prefixCache, value, speculation,
        grammars);
  }

  /** Sets how tokens are guessed. Default: null, not at all. */
  public EngineOptions speculation(@Nullable Speculation value) {
    return new EngineOptions(maxSequences, prefillTokens, maxLength, memoryShare, prefixCache, cacheType, value, grammars);
  }

  /** Sets how large grammars may be. Default: {@link GrammarLimits#DEFAULT}. */
  public EngineOptions grammars(GrammarLimits value) {
    return new EngineOptions(maxSequences, prefillTokens, maxLength, memoryShare, prefixCache, cacheType, speculation,
        value);
  }
}
