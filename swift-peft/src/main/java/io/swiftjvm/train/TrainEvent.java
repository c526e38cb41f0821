package io.swiftjvm.train;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What happens in a training, told to its listener on the training thread. Steps count from 1. */
public sealed interface TrainEvent {
  /**
   * The first step is about to run.
   *
   * @param step steps already done (above 0 when a checkpoint is continued)
   * @param totalSteps steps in all
   * @param trainable trained values
   * @param parameters all values of the model
   * @param what what is trained, in words
   */
  record Started(int step, int totalSteps, long trainable, long parameters, String what) implements TrainEvent {}

  /**
   * All rows are read and encoded; not told for streams and for rows that are encoded when they are used.
   *
   * @param rows encoded rows to train on
   * @param dropped rows that could not be used, told one by one as warnings before
   * @param units what batches are made of: rows, or packs of rows
   * @param tokens tokens of all rows
   * @param fill share of the packs' length that tokens fill; 1 without packing, since nothing is ever padded
   * @param steps steps of the whole run
   */
  record DataReady(int rows, int dropped, int units, long tokens, double fill, int steps) implements TrainEvent {}

  /**
   * A step is done.
   *
   * @param loss loss before the update, over the whole step
   * @param gradNorm before clipping
   * @param learningRate the rate that this step used
   * @param epoch epochs done
   * @param tokens tokens of this step, labelled or not
   * @param labelled what the loss was divided by
   * @param tokensPerSecond over this step
   * @param memoryBytes resident memory of the process
   * @param etaSeconds expected time to the end, saving and evaluation left out
   */
  record StepEnd(
      int step, int totalSteps, double loss, double gradNorm, double learningRate, double epoch, long tokens,
      double labelled, double tokensPerSecond, long memoryBytes, double etaSeconds) implements TrainEvent {}

  /**
   * What the rows of each channel cost in a step; told before its {@link StepEnd}, where rows have channels.
   *
   * @param sums weighted loss of the labelled tokens by channel
   * @param tokens their number
   */
  record Channels(int step, Map<String, Double> sums, Map<String, Long> tokens) implements TrainEvent {}

  /**
   * Validation data was run.
   *
   * @param loss mean over {@code units} labelled tokens
   * @param metrics what else the objective measured, by name
   */
  record Evaluated(int step, double loss, double units, Map<String, Double> metrics) implements TrainEvent {
    /** The loss or another metric; NaN where there is none of that name. */
    public double value(String name) {
      return name.equals("loss") ? loss : metrics.getOrDefault(name, Double.NaN);
    }
  }

  /** A checkpoint is durable. */
  record Saved(int step, Path folder) implements TrainEvent {}

  /** A step changed nothing, {@code count} so far. */
  record Dropped(int step, String reason, int count) implements TrainEvent {}

  /** Something to know that stops nothing. */
  record Warning(int step, String message) implements TrainEvent {}

  /** All steps are done. */
  record Finished(int step, TrainResult result) implements TrainEvent {}

  /** The training ended with an exception after so many steps; the exception follows. */
  record Failed(int step, String message) implements TrainEvent {}

  /** The training stopped early because it was asked to. */
  record Cancelled(int step, @Nullable Path folder) implements TrainEvent {}
}
