package io.swiftjvm.parallel;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.train.optimizer.OptimSpec;
import io.swiftjvm.tuner.FullSpec;
import io.swiftjvm.tuner.Tuning;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done with a model, as far as memory depends on it. Make one with {@link #train(Tuning, long)} or
 * {@link #generate}.
 *
 * @param work training of all weights, of an adapter, or none
 * @param tuning what is trained, or the adapter that answers along; null = none
 * @param tokens tokens in one pass: rows of a micro-batch times their length, or prompt tokens of a pass
 * @param labelled how many of them carry a label; 0 when generating
 * @param microBatches micro-batches in a step
 * @param recompute which activations are made again in the backward pass
 * @param sequences sequences answered at once; 0 when training
 * @param positions longest of them with its answer
 * @param dtype element type the weights are converted to; null = as stored, mapped
 * @param packed the type that projections are quantised to; null = none
 * @param optim the optimizer of a training
 */
public record MemoryRequest(
    Work work, @Nullable Tuning tuning, long tokens, long labelled, int microBatches, Recompute recompute,
    int sequences, int positions, @Nullable DType dtype, @Nullable DType packed, OptimSpec optim) {
  /** What learns. */
  public enum Work {
    GENERATE,
    ADAPTER,
    FULL
  }

  public MemoryRequest {
    if (tokens < 1 || labelled < 0 || labelled > tokens || microBatches < 1 || sequences < 0 || positions < 0) {
      throw new InvalidPlanException("memory: tokens is " + tokens + ", labelled " + labelled + ", microBatches "
          + microBatches + ", sequences " + sequences + ", positions " + positions + "; tokens and microBatches must be"
          + " 1 or more, labelled 0 .. tokens, the others 0 or more.");
    }
    if (work != Work.GENERATE && tuning == null) {
      throw new InvalidPlanException("memory: a training needs the settings of what is trained, got none.");
    }
  }

  /** Training of all weights on micro-batches of {@code tokens} tokens, all labelled, one micro-batch a step. */
  public static MemoryRequest train(long tokens) {
    return new MemoryRequest(Work.FULL, FullSpec.DEFAULT, tokens, tokens, 1, Recompute.NONE, 0, 0, null, null, OptimSpec.DEFAULT);
  }

  /** Training of what {@code tuning} says on micro-batches of {@code tokens} tokens, all labelled, one micro-batch a step. */
  public static MemoryRequest train(Tuning tuning, long tokens) {
    return new MemoryRequest(tuning.full() ? Work.FULL : Work.ADAPTER, tuning, tokens, tokens, 1, Recompute.NONE, 0, 0, null, null, OptimSpec.DEFAULT);
  }

  /**
   * Answers of up to {@code positions} tokens with their prompts, {@code sequences} at once, 512 prompt tokens a pass.
   */
  public static MemoryRequest generate(int sequences, int positions) {
    long tokens = Math.max(1, Math.min(512L, (long) sequences * positions));
    return new MemoryRequest(Work.GENERATE, null, tokens, 0, 1, Recompute.NONE, sequences, positions, null, null,
        OptimSpec.DEFAULT);
  }

  /** Sets the tokens of a pass that carry a label. Default: all. Legal: 0 .. tokens. */
  public MemoryRequest labelled(long value) {
    return new MemoryRequest(work, tuning, tokens, value, microBatches, recompute, sequences, positions, dtype,
        packed, optim);
  }

  /** Sets the micro-batches of a step. Default: 1. */
  public MemoryRequest microBatches(int value) {
    return new MemoryRequest(work, tuning, tokens, labelled, value, recompute, sequences, positions, dtype,
        packed, optim);
  }

  /** Sets what is made again in the backward pass. Default: nothing. */
  public MemoryRequest recompute(Recompute value) {
    return new MemoryRequest(work, tuning, tokens, labelled, microBatches, value, sequences, positions, dtype,
        packed, optim);
  }

  /** Sets an adapter that answers along. Default: none, or the one that is trained. */
  public MemoryRequest adapter(@Nullable Tuning value) {
    return new MemoryRequest(work, value, tokens, labelled, microBatches, recompute, sequences, positions, dtype,
        packed, optim);
  }

  /** Sets the element type the weights are converted to. Default: as stored. */
  public MemoryRequest dtype(@Nullable DType value) {
    return new MemoryRequest(work, tuning, tokens, labelled, microBatches, recompute, sequences, positions, value,
        packed, optim);
  }

  /** Sets the optimizer. Default: AdamW. */
  public MemoryRequest optim(OptimSpec value) {
    return new MemoryRequest(work, tuning, tokens, labelled, microBatches, recompute, sequences, positions, dtype, packed,
        value);
  }

  /** Sets the type that projections are quantised to. Default: none. */
  public MemoryRequest packed(@Nullable DType value) {
    return new MemoryRequest(work, tuning, tokens, labelled, microBatches, recompute, sequences, positions, dtype, value,
        optim);
  }
}
