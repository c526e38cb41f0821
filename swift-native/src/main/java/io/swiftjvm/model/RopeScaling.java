package io.swiftjvm.model;

import java.util.List;

/** How rotary frequencies are stretched for texts longer than those of pre-training; the math is {@link RopeSpec}'s. */
public sealed interface RopeScaling {
  /** No change. */
  record None() implements RopeScaling {}

  /** Every frequency divided by {@code factor} (arXiv 2306.15595). */
  record Linear(double factor) implements RopeScaling {}

  /** NTK-aware: the base grows with the text once it is longer than {@code original} positions. */
  record Dynamic(double factor, int original) implements RopeScaling {}

  /**
   * YaRN (arXiv 2309.00071): high frequencies stay, low ones are divided by {@code factor}, with a ramp between.
   *
   * @param factor the stretch
   * @param original positions of pre-training
   * @param betaFast turns over {@code original} from which a frequency stays
   * @param betaSlow turns below which a frequency is divided
   * @param attention factor on cos and sin
   * @param truncate ends of the ramp are whole numbers
   */
  record Yarn(double factor, int original, double betaFast, double betaSlow, double attention, boolean truncate)
      implements RopeScaling {}

  /**
   * Llama 3.1's: wave lengths over {@code original/low} are divided by {@code factor}, a ramp to {@code original/high}.
   */
  record Llama3(double factor, double low, double high, int original) implements RopeScaling {}

  /**
   * LongRoPE (arXiv 2402.13753): a divisor for each frequency.
   *
   * @param shortFactors for texts of at most {@code original} positions
   * @param longFactors for longer ones
   * @param original positions of pre-training
   * @param attention factor on cos and sin
   */
  record LongRope(List<Double> shortFactors, List<Double> longFactors, int original, double attention)
      implements RopeScaling {
    public LongRope {
      shortFactors = List.copyOf(shortFactors);
      longFactors = List.copyOf(longFactors);
    }
  }
}
