package io.swiftjvm.serve;

import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.FinishReason;
import io.swiftjvm.infer.Generation.Times;
import io.swiftjvm.infer.Scheduler;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What the server counts, told under vLLM's names so that its dashboards work. No text of a prompt gets in. */
final class Metrics {
  private static final double NANO = 1e-9;
  private static final String PREFIX = "vllm:";
  private static final double[] FIRST = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5,
      7.5, 10, 20, 40, 80, 160, 640, 2560};
  private static final double[] BETWEEN =
      {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80};
  private static final double[] WHOLE = {0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480,
      960, 1920, 7680};

  private final String model;
  private final Scheduler scheduler;
  private final AtomicLong promptTokens = new AtomicLong();
  private final AtomicLong madeTokens = new AtomicLong();
  private final Map<FinishReason, AtomicLong> finished = new LinkedHashMap<>();
  private final Map<String, Histogram> histograms = new LinkedHashMap<>();

  Metrics(ModelNames names, Scheduler scheduler) {
    this.model = names.base();
    this.scheduler = scheduler;
    for (FinishReason reason : FinishReason.values()) {
      finished.put(reason, new AtomicLong());
    }
    histograms.put("request_prompt_tokens", Histogram.decades(names.maxLength()));
    histograms.put("request_generation_tokens", Histogram.decades(names.maxLength()));
    histograms.put("time_to_first_token_seconds", new Histogram(FIRST));
    histograms.put("inter_token_latency_seconds", new Histogram(BETWEEN));
    for (String name : new String[] {"e2e_request_latency_seconds", "request_queue_time_seconds",
        "request_prefill_time_seconds", "request_decode_time_seconds"}) {
      histograms.put(name, new Histogram(WHOLE));
    }
  }

  /** Counts the prompts of a request, each once, as its usage does. */
  void prompts(int tokens) {
    promptTokens.addAndGet(tokens);
  }

  void answer(Completion completion, Times times) {
    int tokens = completion.usage().completionTokens();
    madeTokens.addAndGet(tokens);
    finished.getOrDefault(completion.finishReason(), new AtomicLong()).incrementAndGet();
    add("request_prompt_tokens", completion.usage().promptTokens());
    add("request_generation_tokens", tokens);
    add("request_queue_time_seconds", times.queue() * NANO);
    add("e2e_request_latency_seconds", (times.queue() + times.prefill() + times.decode()) * NANO);
    if (tokens > 0) {
      add("time_to_first_token_seconds", (times.queue() + times.prefill()) * NANO);
      add("request_prefill_time_seconds", times.prefill() * NANO);
      add("request_decode_time_seconds", times.decode() * NANO);
    }
    Histogram between = histograms.get("inter_token_latency_seconds");
    if (tokens > 1 && between != null) {
      between.add(times.decode() * NANO / (tokens - 1), tokens - 1);
    }
  }

  private void add(String name, double value) {
    Histogram histogram = histograms.get(name);
    if (histogram != null) {
      histogram.add(value, 1);
    }
  }

  /** The text form of Prometheus. */
  String text() {
    StringBuilder out = new StringBuilder();
    String label = "model_name=\"" + model.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    value(out, "gauge", "num_requests_running", label, scheduler.running());
    value(out, "gauge", "num_requests_waiting", label, scheduler.waiting());
    value(out, "gauge", "kv_cache_usage_perc", label, scheduler.cacheUsage());
    value(out, "counter", "prefix_cache_queries_total", label, scheduler.counters().prefixQueries());
    value(out, "counter", "prefix_cache_hits_total", label, scheduler.counters().prefixHits());
    value(out, "counter", "num_preemptions_total", label, scheduler.counters().preemptions());
    value(out, "counter", "prompt_tokens_total", label, promptTokens.get());
    value(out, "counter", "generation_tokens_total", label, madeTokens.get());
    type(out, "counter", "request_success_total");
    finished.forEach((reason, count) -> line(out, "request_success_total", label + ",finished_reason=\""
        + (reason == FinishReason.CANCELLED ? "abort" : reason) + '"', count.get()));
    histograms.forEach((name, histogram) -> {
      type(out, "histogram", name);
      histogram.write(out, PREFIX + name, label);
    });
    return out.toString();
  }

  private static void value(StringBuilder out, String type, String name, String label, Number value) {
    type(out, type, name);
    line(out, name, label, value);
  }

  private static void type(StringBuilder out, String type, String name) {
    out.append("# TYPE ").append(PREFIX).append(name).append(' ').append(type).append('\n');
  }

  private static void line(StringBuilder out, String name, String label, Number value) {
    out.append(PREFIX).append(name).append('{').append(label).append("} ").append(value).append('\n');
  }
}
