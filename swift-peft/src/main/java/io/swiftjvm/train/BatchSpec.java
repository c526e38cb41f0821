package io.swiftjvm.train;

import io.swiftjvm.error.InvalidPlanException;
import org.jspecify.annotations.Nullable;

/**
 * How rows become steps.
 *
 * @param perDevice rows (or packs) in one micro-batch, at least 1
 * @param accumulation micro-batches in one step; null = ceil(16 / perDevice)
 * @param epochs passes over the data, above 0; may be a fraction
 * @param maxSteps stop after this many steps, whatever the epochs; null = by epochs
 */
public record BatchSpec(int perDevice, @Nullable Integer accumulation, double epochs, @Nullable Integer maxSteps) {
  /** One row, 16 micro-batches, three epochs: the defaults of ms-swift. */
  public static final BatchSpec DEFAULT = new BatchSpec(1, null, 3, null);

  public BatchSpec {
    if (perDevice < 1 || (accumulation != null && accumulation < 1) || (maxSteps != null && maxSteps < 1)) {
      throw new InvalidPlanException("batch.perDevice is " + perDevice + ", accumulation " + accumulation
          + ", maxSteps " + maxSteps + "; each must be at least 1 where it is given.");
    }
    if (!(epochs > 0) || !Double.isFinite(epochs)) {
      throw new InvalidPlanException("batch.epochs is " + epochs + "; it must be above 0.");
    }
  }

  /** Sets rows in a micro-batch. Default: 1. */
  public BatchSpec perDevice(int value) {
    return new BatchSpec(value, accumulation, epochs, maxSteps);
  }

  /** Sets micro-batches in a step. Default: ceil(16 / perDevice). */
  public BatchSpec accumulation(@Nullable Integer value) {
    return new BatchSpec(perDevice, value, epochs, maxSteps);
  }

  /** Sets passes over the data. Default: 3. */
  public BatchSpec epochs(double value) {
    return new BatchSpec(perDevice, accumulation, value, maxSteps);
  }

  /** Sets the number of steps. Default: by epochs. */
  public BatchSpec maxSteps(@Nullable Integer value) {
    return new BatchSpec(perDevice, accumulation, epochs, value);
  }

  /** Micro-batches in a step. */
  public int microBatches() {
    return accumulation != null ? accumulation : Math.ceilDiv(16, perDevice);
  }

  /** Steps of one pass over {@code rows} rows; the last step of an epoch may be smaller. */
  public int stepsPerEpoch(int rows) {
    return Math.max(1, Math.ceilDiv(Math.ceilDiv(rows, perDevice), microBatches()));
  }

  /** Steps of the whole run. */
  public int totalSteps(int rows) {
    return maxSteps != null ? maxSteps : (int) Math.ceil(epochs * stepsPerEpoch(rows));
  }
}
