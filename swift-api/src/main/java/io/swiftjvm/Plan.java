package io.swiftjvm;

import io.swiftjvm.plan.Arguments;
import io.swiftjvm.plan.PlanFacts;
import io.swiftjvm.plan.PlanFiles;
import io.swiftjvm.plan.PlanRules;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.run.LoadedModel;
import io.swiftjvm.run.TrainingSession;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.TrainEvent;
import java.util.function.Consumer;

/**
 * A closed plan: validated, comparable, explainable, and data. {@link #toJson} and {@link #toYaml} use ms-swift's
 * argument
 * names and are read back by {@link Swift#plan}.
 *
 * {@snippet :
 * Plan plan = Swift.model("swift-tiny").dataset("rows.jsonl").plan();
 * try (Run run = plan.train(event -> log(event), new CancellationToken())) { run.chat("hello"); }
 * }
 *
 * @param settings every decision
 */
public record Plan(Settings settings) {
  static Plan of(Settings settings) {
    PlanRules.check(settings);
    return new Plan(settings);
  }

  /** Value and reason of every decision, a line each, with the estimated memory; reads no weights. */
  public String explain() {
    return PlanFacts.of(settings).explain();
  }

  /** The plan as JSON, under ms-swift's names. */
  public String toJson() {
    return PlanFiles.toJson(Arguments.flat(settings));
  }

  /** The plan as YAML, under ms-swift's names. */
  public String toYaml() {
    return PlanFiles.toYaml(Arguments.flat(settings));
  }

  /** Loads the model with its adapters, to answer. */
  public Run load() {
    return Run.over(this, LoadedModel.open(settings), null);
  }

  /** Trains on the calling thread and returns the trained model, loaded. */
  public Run train() {
    return train(event -> {}, new CancellationToken());
  }

  /**
   * Trains on the calling thread.
   *
   * @param listener told every step, on this thread
   * @param cancellation asks the training to stop: the step is finished and saved, and a run is returned
   */
  public Run train(Consumer<TrainEvent> listener, CancellationToken cancellation) {
    TrainingSession.Trained trained = TrainingSession.run(settings, toJson(), listener, cancellation);
    return Run.over(this, trained.loaded(), trained);
  }

  @Override
  public String toString() {
    return "Plan\n" + toYaml();
  }
}
