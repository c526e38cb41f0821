package io.swiftjvm.infer;

/** Processors that shape the distribution a token is drawn from. Legal ranges as in {@link SamplingParams}. */
public final class Warpers {
  private static final float NEVER = Float.NEGATIVE_INFINITY;
  private static final int TOP_H_CANDIDATES = 100;

  private static final float LEAST_TEMPERATURE = 1e-30f;

  private Warpers() {}

  /** Divides by {@code temperature}, over 0: below 1 sharpens. One so small that scores would overflow is the least. */
  public static LogitsProcessor temperature(double temperature) {
    float divisor = Math.max((float) temperature, LEAST_TEMPERATURE);
    return (history, scores) -> {
      for (int i = 0; i < scores.length; i++) {
        scores[i] /= divisor;
      }
    };
  }

  /** Keeps the {@code k} greatest and what equals the last of them. */
  public static LogitsProcessor topK(int k) {
    return topK(k, new ScoreRoom());
  }

  /** {@link #topK(int)} whose greatest scores lie in {@code room}. */
  static LogitsProcessor topK(int k, ScoreRoom room) {
    return (history, scores) -> {
      ScoreRoom.Place place = room.take(scores.length);
      float least = Scores.kthGreatest(scores, place.greatest(Math.min(k, scores.length)));
      room.give(place);
      for (int i = 0; i < scores.length; i++) {
        if (scores[i] < least) {
          scores[i] = NEVER;
        }
      }
    };
  }

  /** Keeps the fewest tokens whose probabilities reach {@code p} together (arXiv 1904.09751). */
  public static LogitsProcessor topP(double p) {
    return topP(p, 1);
  }

  /** {@link #topP(double)} that keeps at least {@code keep} tokens. */
  public static LogitsProcessor topP(double p, int keep) {
    return topP(p, keep, new ScoreRoom());
  }

  /** {@link #topP(double, int)} whose probabilities lie in {@code room}. */
  static LogitsProcessor topP(double p, int keep, ScoreRoom room) {
    return (history, scores) -> {
      ScoreRoom.Place place = room.take(scores.length);
      Scores.probabilities(scores, place.numbers);
      Scores.dropLeast(scores, place, 1 - p, keep);
      room.give(place);
    };
  }

  /** Drops tokens less probable than {@code p} times the most probable one (arXiv 2407.01082). */
  public static LogitsProcessor minP(double p) {
    return (history, scores) -> {
      // Probability ratios are score differences.
      double least = Scores.max(scores) + Math.log(p);
      for (int i = 0; i < scores.length; i++) {
        if (scores[i] < least) {
          scores[i] = NEVER;
        }
      }
    };
  }

  /** Keeps the tokens of most typical surprise that have {@code mass} together (arXiv 2202.00666). */
  public static LogitsProcessor typical(double mass) {
    return (history, scores) -> {
      double[] p = Scores.probabilities(scores);
      double entropy = Scores.entropy(p);
      double[] distance = new double[p.length];
      for (int i = 0; i < p.length; i++) {
        distance[i] = Math.abs(-Math.log(p[i]) - entropy);
      }
      int[] order = Scores.ascending(distance, scores);
      int last = 0;
      for (double sum = 0; last < order.length && (sum += p[order[last]]) < mass; ) {
        last++;
      }
      double limit = order.length == 0 ? 0 : distance[order[Math.min(last, order.length - 1)]];
      for (int i : order) {
        if (distance[i] > limit) {
          scores[i] = NEVER;
        }
      }
    };
  }

  /** Drops tokens of a probability below {@code epsilon}, but for the greatest (arXiv 2210.15191). */
  public static LogitsProcessor epsilon(double epsilon) {
    return (history, scores) -> {
      double[] p = Scores.probabilities(scores);
      Scores.dropBelow(scores, 1, i -> p[i] < epsilon);
    };
  }

  /** Drops tokens below {@code min(epsilon, sqrt(epsilon) * exp(-entropy))} (arXiv 2210.15191). */
  public static LogitsProcessor eta(double epsilon) {
    return (history, scores) -> {
      double[] p = Scores.probabilities(scores);
      double eta = Math.min(epsilon, Math.sqrt(epsilon) * Math.exp(-Scores.entropy(p)));
      Scores.dropBelow(scores, 1, i -> p[i] < eta);
    };
  }

  /**
   * Keeps the most probable tokens while their share of the entropy stays within {@code share} (arXiv 2509.02510),
   * among the 100 most probable ones.
   */
  public static LogitsProcessor topH(double share) {
    LogitsProcessor candidates = topK(TOP_H_CANDIDATES);
    return (history, scores) -> {
      candidates.apply(history, scores);
      double[] p = Scores.probabilities(scores);
      double budget = share * Scores.entropy(p);
      int[] order = Scores.ascending(p, scores);
      double used = 0;
      for (int i = order.length - 1; i >= 0; i--) {
        double x = p[order[i]];
        used -= x > 0 ? x * Math.log(x) : 0;
        if (i < order.length - 1 && used > budget) {
          scores[order[i]] = NEVER;
        }
      }
    };
  }
}
