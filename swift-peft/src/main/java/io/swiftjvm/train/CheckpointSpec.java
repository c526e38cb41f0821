package io.swiftjvm.train;

import io.swiftjvm.error.InvalidPlanException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where and when a training is saved, and what it continues.
 *
 * @param outputDir folder of the {@code checkpoint-<step>} folders; null = nothing is written
 * @param saveSteps save after every so many steps; 0 = only at the end
 * @param totalLimit keep this many of the newest; null = all
 * @param onlyModel leave optimizer state out: smaller, but cannot be continued exactly
 * @param resumeFrom checkpoint to continue; null = start anew
 * @param resumeOnlyModel take only weights and position from it, with a fresh optimizer
 * @param ignoreDataSkip start at the first batch again
 */
public record CheckpointSpec(
    @Nullable Path outputDir, int saveSteps, @Nullable Integer totalLimit, boolean onlyModel,
    @Nullable Path resumeFrom, boolean resumeOnlyModel, boolean ignoreDataSkip) {
  /** Nothing is written. */
  public static final CheckpointSpec NONE = new CheckpointSpec(null, 500, null, false, null, false, false);

  public CheckpointSpec {
    if (saveSteps < 0 || totalLimit != null && totalLimit < 1) {
      throw new InvalidPlanException("checkpoint.saveSteps is " + saveSteps + " and totalLimit " + totalLimit
          + "; saveSteps must be 0 or more, totalLimit at least 1.");
    }
  }

  /** Saves under {@code folder}. */
  public static CheckpointSpec to(Path folder) {
    return NONE.outputDir(folder);
  }

  /** Sets the folder. Default: null, nothing is written. */
  public CheckpointSpec outputDir(@Nullable Path value) {
    return new CheckpointSpec(value, saveSteps, totalLimit, onlyModel, resumeFrom, resumeOnlyModel, ignoreDataSkip);
  }

  /** Sets how often. Default: 500. */
  public CheckpointSpec saveSteps(int value) {
    return new CheckpointSpec(outputDir, value, totalLimit, onlyModel, resumeFrom, resumeOnlyModel, ignoreDataSkip);
  }

  /** Sets how many are kept. Default: all. */
  public CheckpointSpec totalLimit(@Nullable Integer value) {
    return new CheckpointSpec(outputDir, saveSteps, value, onlyModel, resumeFrom, resumeOnlyModel, ignoreDataSkip);
  }

  /** Leaves optimizer state out. Default: false. */
  public CheckpointSpec onlyModel(boolean on) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, on, resumeFrom, resumeOnlyModel, ignoreDataSkip);
  }

  /** Continues a checkpoint. Default: null. */
  public CheckpointSpec resumeFrom(@Nullable Path value) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, onlyModel, value, resumeOnlyModel, ignoreDataSkip);
  }

  /** Takes only weights and position. Default: false. */
  public CheckpointSpec resumeOnlyModel(boolean on) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, onlyModel, resumeFrom, on, ignoreDataSkip);
  }

  /** Starts at the first batch again. Default: false. */
  public CheckpointSpec ignoreDataSkip(boolean on) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, onlyModel, resumeFrom, resumeOnlyModel, on);
  }
}
