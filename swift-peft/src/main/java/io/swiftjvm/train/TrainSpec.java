package io.swiftjvm.train;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.train.objective.LossSpec;
import io.swiftjvm.train.optimizer.OptimSpec;
import io.swiftjvm.train.optimizer.ScheduleSpec;
import java.util.function.UnaryOperator;

/**
 * The settings of a training.
 *
 * {@snippet :
 * TrainSpec spec = TrainSpec.DEFAULT.optim(o -> o.learningRate(1e-3)).schedule(s -> s.type("linear").warmupSteps(3));
 * }
 *
 * @param optim optimizer and clipping
 * @param schedule learning rate by step
 * @param batch rows by step
 * @param checkpoint where to save, what to continue
 * @param evalSteps evaluate after every so many steps where there is validation data; 0 = only at the end
 * @param loggingSteps lines of the log cover so many steps
 * @param seed seeds adapter start and dropout
 * @param dataSeed seeds the order of the data
 * @param gradientCheckpointing compute activations again in the backward pass instead of keeping them
 * @param nonFinite what a NaN does
 * @param loss what language-model training adds to cross-entropy
 * @param lossScaling scale the loss against gradients that are too small for fp16, and skip steps whose gradients overflow
 * @param granularity which activations {@code gradientCheckpointing} is about; not {@link Recompute#NONE}
 */
public record TrainSpec(
    OptimSpec optim, ScheduleSpec schedule, BatchSpec batch, CheckpointSpec checkpoint, int evalSteps,
    int loggingSteps, long seed, long dataSeed, boolean gradientCheckpointing, NonFinite nonFinite,
    LossSpec loss, boolean lossScaling, Recompute granularity) {
  /** The defaults of ms-swift, with a log line for every step and nothing saved. */
  public static final TrainSpec DEFAULT = new TrainSpec(OptimSpec.DEFAULT, ScheduleSpec.DEFAULT, BatchSpec.DEFAULT,
      CheckpointSpec.NONE, 500, 1, 42, 42, true, NonFinite.STOP, LossSpec.DEFAULT,
      false, Recompute.SELECTIVE);

  public TrainSpec {
    if (evalSteps < 0 || loggingSteps < 1) {
      throw new InvalidPlanException("train.evalSteps is " + evalSteps + " and loggingSteps " + loggingSteps
          + "; evalSteps must be 0 or more, loggingSteps at least 1.");
    }
    if (granularity == Recompute.NONE) {
      throw new InvalidPlanException("train.granularity is NONE; it must be SELECTIVE or FULL. To compute nothing again, "
          + "set gradientCheckpointing to false.");
    }
  }

  /** Changes the optimizer. */
  public TrainSpec optim(UnaryOperator<OptimSpec> change) {
    return new TrainSpec(change.apply(optim), schedule, batch, checkpoint, evalSteps, loggingSteps, seed, dataSeed,
        gradientCheckpointing, nonFinite, loss, lossScaling, granularity);
  }

  /** Changes the schedule. */
  public TrainSpec schedule(UnaryOperator<ScheduleSpec> change) {
    return new TrainSpec(optim, change.apply(schedule), batch, checkpoint, evalSteps, loggingSteps, seed, dataSeed,
        gradientCheckpointing, nonFinite, loss, lossScaling, granularity);
  }

  /** Changes the batches. */
  public TrainSpec batch(UnaryOperator<BatchSpec> change) {
    return new TrainSpec(optim, schedule, change.apply(batch), checkpoint, evalSteps, loggingSteps, seed, dataSeed,
        gradientCheckpointing, nonFinite, loss, lossScaling, granularity);
  }

  /** Changes the checkpoints. */
  public TrainSpec checkpoint(UnaryOperator<CheckpointSpec> change) {
    return new TrainSpec(optim, schedule, batch, change.apply(checkpoint), evalSteps, loggingSteps, seed, dataSeed,
        gradientCheckpointing, nonFinite, loss, lossScaling, granularity);
  }

  /** Sets how often validation data is run. Default: 500. */
  public TrainSpec evalSteps(int value) {
    return new TrainSpec(optim, schedule, batch, checkpoint, value, loggingSteps, seed, dataSeed,
        gradientCheckpointing, nonFinite, loss, lossScaling, granularity);
  }

  /** Sets how many steps a log line covers. Default: 1. */
  public TrainSpec loggingSteps(int value) {
    return new TrainSpec(optim, schedule, batch, checkpoint, evalSteps, value, seed, dataSeed, gradientCheckpointing,
        nonFinite, loss, lossScaling, granularity);
  }

  /** Sets the seed of adapter start and dropout. Default: 42. */
  public TrainSpec seed(long value) {
    return new TrainSpec(optim, schedule, batch, checkpoint, evalSteps, loggingSteps, value, dataSeed,
        gradientCheckpointing, nonFinite, loss, lossScaling, granularity);
  }

  /** Sets the seed of the data order. Default: 42. */
  public TrainSpec dataSeed(long value) {
    return new TrainSpec(optim, schedule, batch, checkpoint, evalSteps, loggingSteps, seed, value,
        gradientCheckpointing, nonFinite, loss, lossScaling, granularity);
  }

  /** Switches recomputation. Default: true. */
  public TrainSpec gradientCheckpointing(boolean on) {
    return new TrainSpec(optim, schedule, batch, checkpoint, evalSteps, loggingSteps, seed, dataSeed, on, nonFinite,
        loss, lossScaling, granularity);
  }

  /**
   * Sets which activations are computed again where that is switched on. Default: {@link Recompute#SELECTIVE}. Legal: that
   * and {@link Recompute#FULL}.
   */
  public TrainSpec granularity(Recompute value) {
    return new TrainSpec(optim, schedule, batch, checkpoint, evalSteps, loggingSteps, seed, dataSeed,
        gradientCheckpointing, nonFinite, loss, lossScaling, value);
  }

  /** What a training computes again in its backward passes. */
  public Recompute recompute() {
    return gradientCheckpointing ? granularity : Recompute.NONE;
  }

  /** Sets what a NaN does. Default: {@link NonFinite#STOP}. */
  public TrainSpec nonFinite(NonFinite value) {
    return new TrainSpec(optim, schedule, batch, checkpoint, evalSteps, loggingSteps, seed, dataSeed,
        gradientCheckpointing, value, loss, lossScaling, granularity);
  }

  /** Changes what language-model training adds to cross-entropy. */
  public TrainSpec loss(UnaryOperator<LossSpec> change) {
    return new TrainSpec(optim, schedule, batch, checkpoint, evalSteps, loggingSteps, seed, dataSeed,
        gradientCheckpointing, nonFinite, change.apply(loss), lossScaling, granularity);
  }

  /** Sets whether the loss is scaled, as it should be beside fp16 weights. Default: false. */
  public TrainSpec lossScaling(boolean on) {
    return new TrainSpec(optim, schedule, batch, checkpoint, evalSteps, loggingSteps, seed, dataSeed,
        gradientCheckpointing, nonFinite, loss, on, granularity);
  }
}
