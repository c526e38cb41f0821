package io.swiftjvm.infer;

import java.util.ArrayList;
import java.util.List;

/** The processors that {@link SamplingParams} ask for, in the order of transformers. */
public final class LogitsProcessors {
  private LogitsProcessors() {}

  /**
   * Penalties and constraints, then, unless decoding is greedy, temperature, top-k, top-p, min-p. Null settings are
   * off.
   *
   * @param endIds tokens that {@code minTokens} holds back
   */
  public static List<LogitsProcessor> of(SamplingParams params, int... endIds) {
    return of(params, List.of(), endIds);
  }

  /** {@link #of(SamplingParams, int...)} with {@code more} between the constraints and the temperature. */
  public static List<LogitsProcessor> of(SamplingParams params, List<LogitsProcessor> more, int... endIds) {
    return of(params, more, new ScoreRoom(), endIds);
  }

  /** {@link #of(SamplingParams, List, int...)} that work in {@code room}. */
  static List<LogitsProcessor> of(SamplingParams params, List<LogitsProcessor> more, ScoreRoom room, int... endIds) {
    List<LogitsProcessor> chain = new ArrayList<>(constraints(params, endIds));
    chain.addAll(more);
    if (!params.greedy()) {
      chain.addAll(warpers(params, room));
    }
    return List.copyOf(chain);
  }

  private static List<LogitsProcessor> constraints(SamplingParams p, int... endIds) {
    List<LogitsProcessor> chain = new ArrayList<>();
    if (p.repetitionPenalty() != null && p.repetitionPenalty() != 1) {
      chain.add(Penalties.repetition(p.repetitionPenalty()));
    }
    if (p.presencePenalty() != 0 || p.frequencyPenalty() != 0) {
      chain.add(Penalties.presence(p.presencePenalty(), p.frequencyPenalty()));
    }
    if (p.noRepeatNgram() > 0) {
      chain.add(Constraints.noRepeatNgram(p.noRepeatNgram()));
    }
    if (p.minTokens() > 0) {
      chain.add(Constraints.minTokens(p.minTokens(), endIds));
    }
    return chain;
  }

  private static List<LogitsProcessor> warpers(SamplingParams p, ScoreRoom room) {
    List<LogitsProcessor> chain = new ArrayList<>();
    if (p.temperature() != null && p.temperature() != 1) {
      chain.add(Warpers.temperature(p.temperature()));
    }
    if (p.topK() != null && p.topK() > 0) {
      chain.add(Warpers.topK(p.topK(), room));
    }
    if (p.topP() != null && p.topP() < 1) {
      chain.add(Warpers.topP(p.topP(), 1, room));
    }
    if (p.minP() != null && p.minP() > 0) {
      chain.add(Warpers.minP(p.minP()));
    }
    return chain;
  }
}
