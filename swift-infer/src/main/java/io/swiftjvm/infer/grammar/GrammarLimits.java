package io.swiftjvm.infer.grammar;

import io.swiftjvm.error.InvalidPlanException;
import java.time.Duration;

/**
 * How large a grammar may be; larger ones are refused with {@link InvalidPlanException} before anything is generated.
 *
 * {@snippet :
 * EngineOptions o = EngineOptions.DEFAULT.grammars(GrammarLimits.DEFAULT.choices(100).compileTime(Duration.ofSeconds(1)));
 * }
 *
 * @param sourceBytes bytes of a schema, of a grammar, or of all choices together
 * @param regexBytes bytes of a regular expression
 * @param depth nesting of a schema, a group or a bracket
 * @param choices values of an enum or a choice
 * @param repetition the greatest count in a repetition, a length or a number of elements
 * @param states states of the automata together
 * @param compileTime how long compiling may take, waiting for other compilations included
 */
public record GrammarLimits(
    int sourceBytes, int regexBytes, int depth, int choices, int repetition, int states, Duration compileTime) {
  /** 256 KiB, 4 KiB, 64, 10,000, 10,000, 100,000, 4 s. */
  public static final GrammarLimits DEFAULT =
      new GrammarLimits(256 << 10, 4 << 10, 64, 10_000, 10_000, 100_000, Duration.ofSeconds(4));

  public GrammarLimits {
    if (sourceBytes < 1 || regexBytes < 1 || depth < 1 || choices < 1 || repetition < 1 || states < 1
        || compileTime.isNegative() || compileTime.isZero()) {
      throw new InvalidPlanException("grammar: a limit is below 1. Raise it.");
    }
  }

  /** Sets the bytes of a schema or a grammar. Default: 262144. Legal: 1 or more. */
  public GrammarLimits sourceBytes(int value) {
    return new GrammarLimits(value, regexBytes, depth, choices, repetition, states, compileTime);
  }

  /** Sets the bytes of a regular expression. Default: 4096. Legal: 1 or more. */
  public GrammarLimits regexBytes(int value) {
    return new GrammarLimits(sourceBytes, value, depth, choices, repetition, states, compileTime);
  }

  /** Sets the nesting. Default: 64. Legal: 1 or more. */
  public GrammarLimits depth(int value) {
    return new GrammarLimits(sourceBytes, regexBytes, value, choices, repetition, states, compileTime);
  }

  /** Sets the values of an enum or a choice. Default: 10000. Legal: 1 or more. */
  public GrammarLimits choices(int value) {
    return new GrammarLimits(sourceBytes, regexBytes, depth, value, repetition, states, compileTime);
  }

  /** Sets the greatest count. Default: 10000. Legal: 1 or more. */
  public GrammarLimits repetition(int value) {
    return new GrammarLimits(sourceBytes, regexBytes, depth, choices, value, states, compileTime);
  }

  /** Sets the states of the automata. Default: 100000. Legal: 1 or more. */
  public GrammarLimits states(int value) {
    return new GrammarLimits(sourceBytes, regexBytes, depth, choices, repetition, value, compileTime);
  }

  /** Sets how long compiling may take. Default: 4 s. Legal: over 0. */
  public GrammarLimits compileTime(Duration value) {
    return new GrammarLimits(sourceBytes, regexBytes, depth, choices, repetition, states, value);
  }
}
