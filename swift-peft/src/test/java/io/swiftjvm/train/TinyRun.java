package io.swiftjvm.train;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tuner.FullTransform;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTransform;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/** A training of the tiny Qwen3 with everything that has state: dropout, accumulation, packed rows, a schedule. */
final class TinyRun {
  static final TrainSpec SPEC = TrainSpec.DEFAULT.optim(o -> o.learningRate(1e-3))
      .schedule(s -> s.warmupSteps(2)).seed(7);
  static final LoraSpec LORA = LoraSpec.DEFAULT.rank(4).dropout(0.1);

  private TinyRun() {}

  /** Two micro-batches a step, four different steps in turn. */
  static BatchSource data(int steps) {
    List<Batch> m = Oracle.micro("qwen3");
    return BatchSource.cycle(List.of(List.of(m.get(0), m.get(1)), List.of(m.get(2), m.get(3)),
        List.of(m.get(3), m.get(0)), List.of(m.get(1))), steps, "four steps of the fixtures");
  }

  /** Runs it on a fresh model; the adapter's files go to {@code save}. */
  static TrainResult run(TrainSpec spec, int steps, Path save, UnaryOperator<TrainJob> change) {
    return run(Devices.cpu(), spec, steps, save, change);
  }

  static TrainResult run(Backend on, TrainSpec spec, int steps, Path save, UnaryOperator<TrainJob> change) {
    try (Backend backend = on; CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      TrainedWeights weights = TrainedWeights.of(new LoraTransform(LORA, spec.seed()).attach(model), "base");
      TrainResult result = change.apply(TrainJob.of(weights, spec, data(steps))).run();
      weights.save(save);
      return result;
    }
  }

  /** The same with every parameter trained. */
  static TrainResult full(TrainSpec spec, int steps, Path save, UnaryOperator<TrainJob> change) {
    try (Backend backend = Devices.cpu(); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      new FullTransform().apply(model);
      TrainedWeights weights = TrainedWeights.of(model);
      TrainResult result = change.apply(TrainJob.of(weights, spec, data(steps))).run();
      weights.save(save);
      return result;
    }
  }
}
