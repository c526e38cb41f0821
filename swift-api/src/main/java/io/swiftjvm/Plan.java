package io.swiftjvm;

import io.swiftjvm.parallel.MemoryEstimate;
import io.swiftjvm.plan.Arguments;
import io.swiftjvm.plan.MemoryFix;
import io.swiftjvm.plan.PlanFacts;
import io.swiftjvm.plan.PlanFiles;
import io.swiftjvm.plan.PlanRules;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.run.LoadedModel;
import io.swiftjvm.run.TrainingSession;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainJob;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

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
    Settings whole = PlanRules.completed(settings);
    PlanRules.check(whole);
    return new Plan(whole);
  }

  /** Value and reason of every decision, a line each, with the estimated memory; reads no weights. */
  public String explain() {
    return PlanFacts.of(settings).explain();
  }

  /**
   * The memory that the plan takes, by purpose: of a training step where it has data, else of an answer. Made from
   * config.json and headers; a folder without weights will do.
   */
  public MemoryEstimate estimate() {
    return PlanFacts.of(settings).memory();
  }

  /** Changes that would bring the plan below {@code bytes}, in order, each with what it saves; none if it fits. */
  public List<MemoryFix> fixes(long bytes) {
    return PlanFacts.of(settings).memoryPlan().fixes(bytes);
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
    return train(listener, cancellation, job -> job);
  }

  /**
   * Trains on the calling thread a job that {@code change} has had the last word on: another loss, more listeners.
   *
   * {@snippet :
   * plan.train(job -> job.objective(new MyLoss()).listener(event -> meters.accept(event)));
   * }
   */
  public Run train(UnaryOperator<TrainJob> change) {
    return train(event -> {}, new CancellationToken(), change);
  }

  private Run train(Consumer<TrainEvent> listener, CancellationToken cancellation, UnaryOperator<TrainJob> change) {
    TrainingSession.Trained trained = TrainingSession.run(settings, toJson(), listener, cancellation, change);
    return Run.over(this, trained.loaded(), trained);
  }

  @Override
  public String toString() {
    return "Plan\n" + toYaml();
  }
}
