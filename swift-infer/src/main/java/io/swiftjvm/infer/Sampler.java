package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.SwiftException;
import java.util.List;

/** Chooses the tokens of one sequence; numbers on the host, in float as transformers does, probabilities in double. */
final class Sampler {
  private final List<LogitsProcessor> chain;
  private final boolean greedy;
  private final long seed;
  private final ScoreRoom room;

  Sampler(List<LogitsProcessor> chain, boolean greedy, long seed) {
    this(chain, greedy, seed, new ScoreRoom());
  }

  /** One that works in {@code room}. */
  Sampler(List<LogitsProcessor> chain, boolean greedy, long seed, ScoreRoom room) {
    this.room = room;
    this.chain = chain;
    this.greedy = greedy;
    this.seed = seed;
  }

  /** True if it always takes the likeliest token of the model's logits, so that this token is all it needs. */
  boolean takesBest() {
    return greedy && chain.isEmpty();
  }

  /** The next token if {@code best} is the likeliest one, -1 for logits that are not finite. */
  int best(TokenHistory history, int best) {
    if (best < 0) {
      throw notFinite(history.length() - history.promptLength());
    }
    return best;
  }

  /** The next token; {@code scores} (V) are the model's logits and are changed. */
  int next(TokenHistory history, float[] scores) {
    int index = history.length() - history.promptLength();
    for (int i = 0; i < chain.size(); i++) {
      chain.get(i).apply(history, scores);
    }
    int best = Scores.argmax(scores);
    if (best < 0) {
      throw refusal(index, scores);
    }
    if (greedy) {
      return best;
    }
    ScoreRoom.Place place = room.take(scores.length);
    int drawn = Draws.choose(Scores.probabilities(scores, place.numbers), Draws.uniform(seed, index));
    room.give(place);
    return drawn;
  }

  private SwiftException refusal(int index, float[] scores) {
    boolean numbers = true;
    for (float score : scores) {
      numbers &= !Float.isNaN(score);
    }
    if (!numbers || chain.isEmpty()) {
      return notFinite(index);
    }
    return new InvalidPlanException(what(index) + "the constraints forbid every token. Loosen one of them, such as the form of "
        + "the answer, tokens that end it, or biases.");
  }

  private static SwiftException notFinite(int index) {
    return new SwiftException(what(index) + "the model's logits are not finite. Check the weights, or try float32.");
  }

  private static String what(int index) {
    return "Token " + index + " of the answer cannot be chosen: ";
  }
}
