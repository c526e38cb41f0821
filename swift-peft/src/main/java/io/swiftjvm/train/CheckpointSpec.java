package io.swiftjvm.train;

import io.swiftjvm.error.InvalidPlanException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where and when a training is saved, and what it continues.
 *
 * {@snippet :
 * CheckpointSpec.to(Path.of("out")).saveSteps(100).totalLimit(3).backup(Path.of(URI.create("s3://bucket/run")));
 * }
 *
 * @param outputDir folder of the {@code checkpoint-<step>} folders, on any file system; null = nothing is written
 * @param saveSteps save after every so many steps; 0 = only at the end
 * @param totalLimit keep this many of the newest, and the best; null = all
 * @param onlyModel leave optimizer state out: smaller, but cannot be continued exactly
 * @param resumeFrom checkpoint to continue; null = start anew
 * @param resumeOnlyModel take only weights and position from it, with a fresh optimizer
 * @param ignoreDataSkip start at the first batch again
 * @param resumeAccept facts of the checkpoint that may differ from the run that continues it, by the name
 *     that the refusal gives them: {@code data}, {@code optimizer}; {@code all}
 * @param best which checkpoint is the best one
 * @param backup folder on any file system that every durable checkpoint is copied to; null = none
 * @param goOn a save that fails before the last step is told as a warning, and the training goes on; false = it ends
 */
public record CheckpointSpec(
    @Nullable Path outputDir, int saveSteps, @Nullable Integer totalLimit, boolean onlyModel,
    @Nullable Path resumeFrom, boolean resumeOnlyModel, boolean ignoreDataSkip, List<String> resumeAccept,
    BestSpec best, @Nullable Path backup, boolean goOn) {
  /** Nothing is written. */
  public static final CheckpointSpec NONE =
      new CheckpointSpec(null, 500, null, false, null, false, false, List.of(), BestSpec.DEFAULT, null, false);

  public CheckpointSpec {
    resumeAccept = List.copyOf(resumeAccept);
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
    return new CheckpointSpec(value, saveSteps, totalLimit, onlyModel, resumeFrom, resumeOnlyModel, ignoreDataSkip,
        resumeAccept, best, backup, goOn);
  }

  /** Sets how often. Default: 500. */
  public CheckpointSpec saveSteps(int value) {
    return new CheckpointSpec(outputDir, value, totalLimit, onlyModel, resumeFrom, resumeOnlyModel, ignoreDataSkip,
        resumeAccept, best, backup, goOn);
  }

  /** Sets how many are kept. Default: all. */
  public CheckpointSpec totalLimit(@Nullable Integer value) {
    return new CheckpointSpec(outputDir, saveSteps, value, onlyModel, resumeFrom, resumeOnlyModel, ignoreDataSkip,
        resumeAccept, best, backup, goOn);
  }

  /** Leaves optimizer state out. Default: false. */
  public CheckpointSpec onlyModel(boolean on) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, on, resumeFrom, resumeOnlyModel, ignoreDataSkip,
        resumeAccept, best, backup, goOn);
  }

  /** Continues a checkpoint. Default: null. */
  public CheckpointSpec resumeFrom(@Nullable Path value) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, onlyModel, value, resumeOnlyModel, ignoreDataSkip,
        resumeAccept, best, backup, goOn);
  }

  /** Takes only weights and position. Default: false. */
  public CheckpointSpec resumeOnlyModel(boolean on) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, onlyModel, resumeFrom, on, ignoreDataSkip, resumeAccept,
        best, backup, goOn);
  }

  /** Starts at the first batch again. Default: false. */
  public CheckpointSpec ignoreDataSkip(boolean on) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, onlyModel, resumeFrom, resumeOnlyModel, on,
        resumeAccept, best, backup, goOn);
  }

  /** Accepts differences to the checkpoint that is continued; each is reported. Default: none. */
  public CheckpointSpec resumeAccept(List<String> value) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, onlyModel, resumeFrom, resumeOnlyModel, ignoreDataSkip,
        value, best, backup, goOn);
  }

  /** Changes which checkpoint is the best one. */
  public CheckpointSpec best(UnaryOperator<BestSpec> change) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, onlyModel, resumeFrom, resumeOnlyModel, ignoreDataSkip,
        resumeAccept, change.apply(best), backup, goOn);
  }

  /** Copies every durable checkpoint to another folder, on any file system. Default: null. */
  public CheckpointSpec backup(@Nullable Path value) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, onlyModel, resumeFrom, resumeOnlyModel, ignoreDataSkip,
        resumeAccept, best, value, goOn);
  }

  /** Goes on when a save before the last step fails; the next one tries again. Default: false. */
  public CheckpointSpec goOn(boolean on) {
    return new CheckpointSpec(outputDir, saveSteps, totalLimit, onlyModel, resumeFrom, resumeOnlyModel, ignoreDataSkip,
        resumeAccept, best, backup, on);
  }
}
