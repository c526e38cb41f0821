package io.swiftjvm.serve;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;

/**
 * What {@code GET /metrics} tells, under the same names (vLLM's, such as {@code vllm:num_requests_running}), as meters of
 * a Micrometer registry: gauges, counters, and histograms with the same buckets, seconds and tokens. Each has the tag
 * {@code model_name}. Micrometer is not among the library's own dependencies: the application brings it.
 *
 * {@snippet :
 * try (var server = run.serve(s -> s.port(8080)); var meters = new ServingMeters(registry, server, "stage", "test")) { ... }
 * }
 *
 * <p>Counters go back to the server's start, histograms to the making of the meters. Closing takes the meters out of the
 * registry; the server stays.
 */
public final class ServingMeters implements AutoCloseable {
  private final MeterRegistry registry;
  private final List<Meter> meters = new ArrayList<>();
  private final List<Runnable> unbind = new ArrayList<>();

  /** Meters of a server, with further {@code tags}, keys and values in turn. */
  public ServingMeters(MeterRegistry registry, ModelServer server, String... tags) {
    this(registry, server.metrics(), tags);
  }

  /** Meters of an API inside the JVM. */
  public ServingMeters(MeterRegistry registry, LocalApi api, String... tags) {
    this(registry, api.metrics(), tags);
  }

  private ServingMeters(MeterRegistry registry, Metrics metrics, String... tags) {
    this.registry = registry;
    Tags all = Tags.of(tags).and("model_name", metrics.model());
    for (Metrics.Value value : metrics.values()) {
      if (value.gauge()) {
        meters.add(Gauge.builder(Metrics.PREFIX + value.name(), value.now()).tags(all).strongReference(true)
            .register(registry));
      } else {
        counter(value.name(), all, value.now(), now -> now.get().doubleValue());
      }
    }
    metrics.finished().forEach((reason, count) -> counter(Metrics.SUCCESS,
        all.and("finished_reason", Metrics.told(reason)), count, AtomicLong::doubleValue));
    metrics.histograms().forEach((name, histogram) -> histogram(name, all, histogram));
  }

  /** {@code source} must be held elsewhere: the registry holds it weakly. */
  private <T> void counter(String name, Tags tags, T source, ToDoubleFunction<T> now) {
    meters.add(FunctionCounter.builder(Metrics.PREFIX + name, source, now).tags(tags).register(registry));
  }

  private void histogram(String name, Tags tags, Histogram histogram) {
    DistributionSummary summary = DistributionSummary.builder(Metrics.PREFIX + name).tags(tags)
        .serviceLevelObjectives(histogram.bounds()).register(registry);
    Histogram.Listener listener = (value, times) -> {
      for (long i = 0; i < times; i++) {
        summary.record(value);
      }
    };
    histogram.listeners().add(listener);
    meters.add(summary);
    unbind.add(() -> histogram.listeners().remove(listener));
  }

  /** Takes the meters out of the registry. Closing twice is harmless. */
  @Override
  public void close() {
    unbind.forEach(Runnable::run);
    unbind.clear();
    meters.forEach(registry::remove);
    meters.clear();
  }
}
