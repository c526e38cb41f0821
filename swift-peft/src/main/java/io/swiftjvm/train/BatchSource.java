package io.swiftjvm.train;

import io.swiftjvm.data.Batch;
import java.util.List;

/**
 * The micro-batches of every step, by step number: a pure function, so that a resumed run reads on at the right place
 * without going over what came before.
 */
public interface BatchSource {
  /** Optimizer steps in the whole run. */
  int steps();

  /** Micro-batches of step {@code step}, the first step is 0. */
  List<Batch> step(int step);

  /** Epochs done after step {@code step}; 0.5 is the middle of the first. */
  double epoch(int step);

  /** Identifies data, order and batching; a checkpoint is only continued over the same. */
  String fingerprint();

  /** The given steps, over and over, {@code steps} in all. */
  static BatchSource cycle(List<List<Batch>> given, int steps, String fingerprint) {
    List<List<Batch>> all = List.copyOf(given);
    return new BatchSource() {
      @Override
      public int steps() {
        return steps;
      }

      @Override
      public List<Batch> step(int step) {
        return all.get(step % all.size());
      }

      @Override
      public double epoch(int step) {
        return (step + 1.0) / all.size();
      }

      @Override
      public String fingerprint() {
        return fingerprint;
      }
    };
  }
}
