package io.swiftjvm.infer;

import io.swiftjvm.error.SwiftException;
import java.util.List;

/** Chooses the tokens of one sequence; numbers on the host, in float as transformers does, probabilities in double. */
final class Sampler {
  private final List<LogitsProcessor> chain;
  private final boolean greedy;
  private final long seed;

  Sampler(List<LogitsProcessor> chain, boolean greedy, long seed) {
    this.chain = chain;
    this.greedy = greedy;
    this.seed = seed;
  }

  /** The next token; {@code scores} (V) are the model's logits and are changed. */
  int next(TokenHistory history, float[] scores) {
    int index = history.length() - history.promptLength();
    chain.forEach(processor -> processor.apply(history, scores));
    int best = Scores.argmax(scores);
    if (best < 0) {
      throw new SwiftException("Token " + index + " of the answer cannot be chosen: the model's logits are not finite "
          + "or the constraints forbid every token. Check the weights (try float32) and the constraints.");
    }
    return greedy ? best : Draws.choose(Scores.probabilities(scores), Draws.uniform(seed, index));
  }
}
