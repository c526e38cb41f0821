package io.swiftjvm.model.family;

import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ConfigSection;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.RopeScaling;
import io.swiftjvm.model.RopeSpec;
import java.util.List;
import java.util.OptionalDouble;

/** Reads the rope settings of a config.json, of both styles, with the defaults of transformers. */
final class Ropes {
  private static final double BIG = 1e9;

  private Ropes() {}

  /** The settings {@code rope} for heads of {@code headDim}: the part of each that is rotated, and how. */
  static RopeSpec read(
      ModelConfig source, ConfigSection rope, int headDim, int maxPositions, double defaultPart, boolean interleaved) {
    int rotary = (int) (headDim * rope.number("partial_rotary_factor", Double.MIN_NORMAL, 1, defaultPart));
    if (rotary < 2 || rotary % 2 != 0) {
      throw source.refusal("head_dim", "a size whose rotated part is even, got " + rotary + " rotated columns of "
          + headDim);
    }
    double theta = rope.number("rope_theta", 1, Double.MAX_VALUE);
    return new RopeSpec(theta, rotary, interleaved, scaling(rope, rotary, maxPositions));
  }

  /** DeepSeek's factor on the scores under a stretched rotation: {@code mscale(factor, mscale_all_dim)^2}. */
  static double scoreFactor(ConfigSection rope) {
    double allDim = rope.number("mscale_all_dim", 0, BIG, 0);
    if (rope.string("rope_type").equals("default") || allDim == 0) {
      return 1;
    }
    double factor = mscale(rope.number("factor", Double.MIN_NORMAL, BIG), allDim);
    return factor * factor;
  }

  private static RopeScaling scaling(ConfigSection rope, int rotary, int maxPositions) {
    return switch (rope.string("rope_type")) {
      case "default" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(factor(rope));
      case "dynamic" -> {
        if (rotary == 2) {
          throw rope.refusal("rope_type", "another than dynamic for heads with 2 rotated columns");
        }
        yield new RopeScaling.Dynamic(factor(rope), original(rope, maxPositions));
      }
      case "yarn" -> yarn(rope, maxPositions);
      case "llama3" -> llama3(rope);
      case "longrope" -> longRope(rope, rotary, maxPositions);
      default -> throw rope.refusal("rope_type", "default, linear, dynamic, yarn, llama3 or longrope");
    };
  }

  private static RopeScaling yarn(ConfigSection rope, int maxPositions) {
    int original = original(rope, maxPositions);
    double factor = factor(rope, maxPositions, original);
    double mscale = rope.number("mscale", 0, BIG, 0);
    double allDim = rope.number("mscale_all_dim", 0, BIG, 0);
    double attention = rope.optionalNumber("attention_factor", Double.MIN_NORMAL, BIG).orElseGet(
        () -> mscale > 0 && allDim > 0 ? mscale(factor, mscale) / mscale(factor, allDim) : mscale(factor, 1));
    double fast = orDefault(rope.number("beta_fast", 0, BIG, 0), 32);
    double slow = orDefault(rope.number("beta_slow", 0, BIG, 0), 1);
    if (fast < slow) {
      throw rope.refusal("beta_fast", "at least beta_slow = " + slow);
    }
    return new RopeScaling.Yarn(factor, original, fast, slow, attention, rope.bool("truncate", true));
  }

  private static double mscale(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  }

  private static double orDefault(double value, double fallback) {
    return value == 0 ? fallback : value;
  }

  private static RopeScaling llama3(ConfigSection rope) {
    double low = rope.number("low_freq_factor", Double.MIN_NORMAL, BIG);
    double high = rope.number("high_freq_factor", Double.MIN_NORMAL, BIG);
    if (high <= low) {
      throw rope.refusal("high_freq_factor", "over low_freq_factor = " + low);
    }
    int original = rope.positiveInt("original_max_position_embeddings", ConfigLimits.POSITIONS);
    return new RopeScaling.Llama3(factor(rope), low, high, original);
  }

  private static RopeScaling longRope(ConfigSection rope, int rotary, int maxPositions) {
    int original = original(rope, maxPositions);
    double factor = factor(rope, maxPositions, original);
    if (original < 2 && factor > 1) {
      throw rope.refusal("original_max_position_embeddings", "at least 2");
    }
    double attention = rope.optionalNumber("attention_factor", Double.MIN_NORMAL, BIG)
        .orElseGet(() -> factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)));
    return new RopeScaling.LongRope(
        divisors(rope, "short_factor", rotary), divisors(rope, "long_factor", rotary), original, attention);
  }

  private static List<Double> divisors(ConfigSection rope, String key, int rotary) {
    List<Double> divisors = rope.numbers(key, Double.MIN_NORMAL, BIG);
    if (divisors.size() != rotary / 2) {
      throw rope.refusal(key, "a list of " + rotary / 2 + " numbers, half the rotated columns");
    }
    return divisors;
  }

  private static int original(ConfigSection rope, int maxPositions) {
    return rope.positiveInt("original_max_position_embeddings", ConfigLimits.POSITIONS, maxPositions);
  }

  private static double factor(ConfigSection rope) {
    return rope.number("factor", Double.MIN_NORMAL, BIG);
  }

  private static double factor(ConfigSection rope, int maxPositions, int original) {
    OptionalDouble factor = rope.optionalNumber("factor", Double.MIN_NORMAL, BIG);
    return factor.orElse(Math.max(1, maxPositions / (double) original));
  }
}
