package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.DeltaNetConfig;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Guesses the next tokens of sequences. For one thread. */
interface Drafter extends AutoCloseable {
  /**
   * Guesses for sequences that wait for their next token, none where there is nothing to guess from or nothing that
   * could be saved.
   */
  Map<Sequence, int[]> guess(List<Sequence> sequences) throws InterruptedException;

  /** A sequence is gone. */
  default void leave(Sequence sequence) {}

  @Override
  default void close() {}

  /** What the engine's options ask for. */
  static @Nullable Drafter of(Engine engine, int slots) {
    return switch (engine.options().speculation()) {
      case null -> null;
      case Speculation.Ngram ngram -> lookup(ngram);
      case Speculation.Draft draft -> new ModelDrafter(draft, engine.options(), slots);
    };
  }

  /** Refuses a draft model that cannot guess for {@code model}. */
  static void check(CausalLm model, @Nullable Speculation speculation) {
    if (!(speculation instanceof Speculation.Draft draft)) {
      return;
    }
    int wanted = model.config().vocabSize();
    int found = draft.model().config().vocabSize();
    if (found != wanted || draft.model().config().classifies()) {
      throw new InvalidPlanException("The draft model has a vocabulary of " + found + (wanted == found
          ? " but is a classifier" : ", the model of " + wanted) + ". Use a causal model of the same family.");
    }
    if (draft.model().config().layers().stream().anyMatch(layer -> layer.mixer() instanceof DeltaNetConfig)) {
      throw new InvalidPlanException("A " + draft.model().config().modelType() + " carries states from token to token "
          + "and cannot take guesses back. Use a draft model with attention only, or n-grams.");
    }
  }

  private static Drafter lookup(Speculation.Ngram ngram) {
    return sequences -> {
      Map<Sequence, int[]> guesses = new IdentityHashMap<>();
      for (Sequence sequence : sequences) {
        int[] ids = sequence.ids(0, sequence.length());
        int most = Math.min(ngram.tokens(), sequence.left() - 1);
        for (int n = Math.min(ngram.most(), ids.length - 1); n >= ngram.least() && most > 0; n--) {
          int at = latest(ids, n);
          if (at >= 0) {
            guesses.put(sequence, Arrays.copyOfRange(ids, at + n, Math.min(at + n + most, ids.length)));
            break;
          }
        }
      }
      return guesses;
    };
  }

  /** Where the last {@code n} ids stood before, the latest place, or -1. */
  private static int latest(int[] ids, int n) {
    int end = ids.length - n;
    for (int at = end - 1; at >= 0; at--) {
      if (Arrays.equals(ids, at, at + n, ids, end, ids.length)) {
        return at;
      }
    }
    return -1;
  }
}
