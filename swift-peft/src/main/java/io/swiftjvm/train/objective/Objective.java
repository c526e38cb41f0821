package io.swiftjvm.train.objective;

import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;

/**
 * What a training minimises. The loss of a step is a sum over its micro-batches divided by the {@link #units} of all of
 * them, so that accumulation gives the same gradient as one large batch.
 */
public interface Objective {
  /** A short name for plans and checkpoints: {@code sft}. */
  String name();

  /** What this micro-batch adds to the divisor of its step: its labelled tokens, for language models. */
  double units(Batch batch);

  /**
   * The result of one forward pass.
   *
   * @param loss tracked scalar (1), already divided
   * @param value the same, in double
   * @param nll what each labelled token costs, in order, without its weight; empty where the loss is not over tokens
   */
  @SuppressWarnings("ArrayRecordComponent") // read by loops, compared by nobody
  record Outcome(Tensor loss, double value, float[] nll) {
    /** A loss that is not over tokens. */
    public Outcome(Tensor loss, double value) {
      this(loss, value, new float[0]);
    }
  }

  /** Runs the model over one micro-batch. */
  Outcome loss(CausalLm model, Pass pass, Batch batch, double divisor);

  /** What a validation tells beside the loss, a new one for each. Default: nothing. */
  default Measure measure() {
    return Measure.NONE;
  }

  /** The undivided loss of a micro-batch of a validation, without recording; shows {@code measure} what came out. */
  default Outcome validate(CausalLm model, Pass pass, Batch batch, Measure measure) {
    return loss(model, pass, batch, 1);
  }
}
