package io.swiftjvm.run;

import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.TrainEvent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Small trainings of the embedded model. */
final class Trainings {
  static final String ADAPTER = "adapter_model.safetensors";

  private Trainings() {}

  /** Six steps over twelve rows in three epochs, with dropout. */
  static Recipe recipe(Path output) {
    return Swift.model("swift-tiny").lora(l -> l.rank(4)).dataset("swift/self-cognition#12")
        .with("model_name", "Zephyrine").with("model_author", "ACME").threads(2).outputDir(output)
        .training(t -> t.optim(o -> o.learningRate(1e-3)).batch(b -> b.perDevice(2).accumulation(3).epochs(3)));
  }

  /** Trains and returns the last checkpoint. */
  static Path train(Recipe recipe) {
    try (Run run = recipe.train()) {
      return run.checkpoint().orElseThrow();
    }
  }

  /** The steps of a training. */
  static List<TrainEvent.StepEnd> steps(Recipe recipe) {
    List<TrainEvent.StepEnd> steps = new ArrayList<>();
    recipe.plan().train(event -> {
      if (event instanceof TrainEvent.StepEnd step) {
        steps.add(step);
      }
    }, new CancellationToken()).close();
    return steps;
  }
}
