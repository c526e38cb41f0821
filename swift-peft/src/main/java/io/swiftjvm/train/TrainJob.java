package io.swiftjvm.train;

import io.swiftjvm.data.Batch;
import io.swiftjvm.train.objective.CausalLmObjective;
import io.swiftjvm.train.objective.Objective;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Everything that one training needs. Several jobs over different models may run at the same time.
 *
 * {@snippet :
 * TrainResult result = TrainJob.of(weights, spec, batches).listener(event -> show(event)).run();
 * }
 *
 * @param weights what is trained
 * @param spec the settings
 * @param objective the loss
 * @param data micro-batches by step
 * @param validation batches to evaluate on; empty = none
 * @param listener told what happens, on the training thread; an exception from it ends the training
 * @param cancellation asks the training to stop
 * @param files texts to store in every checkpoint by file name: the plan, the arguments
 * @param identity facts that a continued checkpoint must share beyond those of the trainer, by name
 */
public record TrainJob(
    TrainedWeights weights, TrainSpec spec, Objective objective, BatchSource data, List<Batch> validation,
    Consumer<TrainEvent> listener, CancellationToken cancellation, Map<String, String> files,
    Map<String, String> identity) {
  public TrainJob {
    validation = List.copyOf(validation);
    files = Collections.unmodifiableMap(new LinkedHashMap<>(files));
    identity = Collections.unmodifiableMap(new LinkedHashMap<>(identity));
  }

  /** A supervised fine-tuning that nobody watches. */
  public static TrainJob of(TrainedWeights weights, TrainSpec spec, BatchSource data) {
    return new TrainJob(weights, spec, CausalLmObjective.SFT.with(spec.loss()), data, List.of(), event -> { },
        new CancellationToken(), Map.of(), Map.of());
  }

  /** Sets the loss. Default: {@link CausalLmObjective#SFT} with the settings' {@link TrainSpec#loss}. */
  public TrainJob objective(Objective value) {
    return new TrainJob(weights, spec, value, data, validation, listener, cancellation, files, identity);
  }

  /** Sets the validation data. Default: none. */
  public TrainJob validation(List<Batch> value) {
    return new TrainJob(weights, spec, objective, data, value, listener, cancellation, files, identity);
  }

  /** Adds a listener. */
  public TrainJob listener(Consumer<TrainEvent> value) {
    return new TrainJob(weights, spec, objective, data, validation, listener.andThen(value), cancellation, files,
        identity);
  }

  /** Sets the token that stops the training. Default: one that nobody holds. */
  public TrainJob cancellation(CancellationToken value) {
    return new TrainJob(weights, spec, objective, data, validation, listener, value, files, identity);
  }

  /** Sets texts to store in every checkpoint. Default: none. */
  public TrainJob files(Map<String, String> value) {
    return new TrainJob(weights, spec, objective, data, validation, listener, cancellation, value, identity);
  }

  /** Sets facts that a continued checkpoint must share. Default: none. */
  public TrainJob identity(Map<String, String> value) {
    return new TrainJob(weights, spec, objective, data, validation, listener, cancellation, files, value);
  }

  /** Trains on the calling thread until done, cancelled or interrupted. */
  public TrainResult run() {
    try (Trainer trainer = new Trainer(this)) {
      return trainer.run();
    }
  }
}
