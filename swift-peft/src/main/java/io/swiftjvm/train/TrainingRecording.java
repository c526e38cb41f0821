package io.swiftjvm.train;

import java.nio.file.Path;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What a flight recording shows of a training; costs nothing while none runs. */
final class TrainingRecording {
  private TrainingRecording() {}

  /** One optimizer step. */
  @Name("io.swiftjvm.TrainStep")
  @Label("Training Step")
  @Category({"Swift", "Training"})
  @StackTrace(false)
  static final class Step extends Event {
    @Label("Step")
    int step;
    @Label("Loss")
    double loss;
    @Label("Gradient Norm")
    double gradNorm;
    @Label("Learning Rate")
    double learningRate;
    @Label("Tokens")
    long tokens;
    @Label("Resident Memory")
    @DataAmount
    long memory;

    void end(TrainEvent.StepEnd of) {
      if (shouldCommit()) {
        step = of.step();
        loss = of.loss();
        gradNorm = of.gradNorm();
        learningRate = of.learningRate();
        tokens = of.tokens();
        memory = of.memoryBytes();
        commit();
      }
    }
  }

  /** One checkpoint. */
  @Name("io.swiftjvm.TrainSave")
  @Label("Checkpoint Save")
  @Category({"Swift", "Training"})
  @StackTrace(false)
  static final class Save extends Event {
    @Label("Step")
    int step;
    @Label("Folder")
    String folder = "";

    void end(int at, Path saved) {
      if (shouldCommit()) {
        step = at;
        folder = saved.toString();
        commit();
      }
    }
  }

  /** One run over the validation data. */
  @Name("io.swiftjvm.TrainEvaluation")
  @Label("Evaluation")
  @Category({"Swift", "Training"})
  @StackTrace(false)
  static final class Evaluation extends Event {
    @Label("Step")
    int step;
    @Label("Loss")
    double loss;

    void end(TrainEvent.Evaluated of) {
      if (shouldCommit()) {
        step = of.step();
        loss = of.loss();
        commit();
      }
    }
  }
}
