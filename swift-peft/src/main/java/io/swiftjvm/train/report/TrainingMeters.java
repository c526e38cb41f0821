package io.swiftjvm.train.report;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.swiftjvm.train.TrainEvent;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Meters of a training for whatever a Micrometer registry reports to: {@code swift.training.loss}, {@code .eval.loss},
 * {@code .learning.rate}, {@code .grad.norm}, {@code .tokens.per.second}, {@code .memory} (bytes) and {@code .progress}
 * (0 .. 1) as gauges, {@code .steps}, {@code .tokens}, {@code .dropped} and {@code .saves} as counters. Micrometer is
 * not among the library's own dependencies: the application brings it.
 *
 * {@snippet :
 * plan.train(job -> job.listener(new TrainingMeters(registry, "run", "nightly")));
 * }
 */
public final class TrainingMeters implements Consumer<TrainEvent> {
  private static final String NAME = "swift.training.";

  private final Counter steps;
  private final Counter tokens;
  private final Counter dropped;
  private final Counter saves;
  private volatile double loss = Double.NaN;
  private volatile double evalLoss = Double.NaN;
  private volatile double rate = Double.NaN;
  private volatile double norm = Double.NaN;
  private volatile double speed = Double.NaN;
  private volatile double memory = Double.NaN;
  private volatile double progress;

  /** Registers the meters with {@code tags}, keys and values in turn, which tell trainings apart. */
  public TrainingMeters(MeterRegistry registry, String... tags) {
    Tags all = Tags.of(tags);
    gauge(registry, all, "loss", () -> loss);
    gauge(registry, all, "eval.loss", () -> evalLoss);
    gauge(registry, all, "learning.rate", () -> rate);
    gauge(registry, all, "grad.norm", () -> norm);
    gauge(registry, all, "tokens.per.second", () -> speed);
    gauge(registry, all, "memory", () -> memory);
    gauge(registry, all, "progress", () -> progress);
    steps = registry.counter(NAME + "steps", all);
    tokens = registry.counter(NAME + "tokens", all);
    dropped = registry.counter(NAME + "dropped", all);
    saves = registry.counter(NAME + "saves", all);
  }

  // The registry holds gauges weakly unless told otherwise, and nobody else may hold this listener.
  private static void gauge(
      MeterRegistry registry, Tags tags, String name, Supplier<Number> value) {
    Gauge.builder(NAME + name, value).tags(tags).strongReference(true).register(registry);
  }

  @Override
  public void accept(TrainEvent event) {
    switch (event) {
      case TrainEvent.StepEnd end -> {
        loss = end.loss();
        rate = end.learningRate();
        norm = end.gradNorm();
        speed = end.tokensPerSecond();
        memory = end.memoryBytes();
        progress = (double) end.step() / end.totalSteps();
        steps.increment();
        tokens.increment(end.tokens());
      }
      case TrainEvent.Evaluated evaluated -> evalLoss = evaluated.loss();
      case TrainEvent.Dropped drop -> dropped.increment();
      case TrainEvent.Saved saved -> saves.increment();
      case TrainEvent.Started started -> progress = (double) started.step() / Math.max(1, started.totalSteps());
      case TrainEvent.Warning warning -> { }
      case TrainEvent.Channels channels -> { }
      case TrainEvent.DataReady ready -> { }
      case TrainEvent.Finished finished -> { }
      case TrainEvent.Failed failed -> { }
      case TrainEvent.Cancelled cancelled -> { }
    }
  }
}
