package io.swiftjvm.serve;

import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.FinishReason;
import io.swiftjvm.infer.Generation.Times;
import io.swiftjvm.infer.Scheduler;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** What the server counts, told under vLLM's names so that its dashboards work. No text of a prompt gets in. */
final class Metrics {
  private static final double NANO = 1e-9;
  static final String PREFIX = "vllm:";
  static final String SUCCESS = "request_success_total";
  private static final double[] FIRST = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5,
      7.5, 10, 20, 40, 80, 160, 640, 2560};
  private static final double[] BETWEEN =
      {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80};
  private static final double[] WHOLE = {0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480,
      960, 1920, 7680};

  private final String model;
  private final List<Value> values;
  private final AtomicLong promptTokens = new AtomicLong();
  private final AtomicLong madeTokens = new AtomicLong();
  private final Map<FinishReason, AtomicLong> finished = new LinkedHashMap<>();
  private final Map<String, Histogram> histograms = new LinkedHashMap<>();

  /** A number as it is now; a gauge may fall, a counter does not. */
  record Value(String name, boolean gauge, Supplier<Number> now) {}

  Metrics(ModelNames names, Scheduler scheduler) {
    this.model = names.base();
    this.values = List.of(new Value("num_requests_running", true, scheduler::running),
        new Value("num_requests_waiting", true, scheduler::waiting),
        new Value("kv_cache_usage_perc", true, scheduler::cacheUsage),
        new Value("prefix_cache_queries_total", false, () -> scheduler.counters().prefixQueries()),
        new Value("prefix_cache_hits_total", false, () -> scheduler.counters().prefixHits()),
        new Value("num_preemptions_total", false, () -> scheduler.counters().preemptions()),
        new Value("prompt_tokens_total", false, promptTokens::get),
        new Value("generation_tokens_total", false, madeTokens::get));
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
    for (Value value : values) {
      type(out, value.gauge ? "gauge" : "counter", value.name);
      line(out, value.name, label, value.now.get());
    }
    type(out, "counter", SUCCESS);
    finished.forEach((reason, count) -> line(out, SUCCESS, label + ",finished_reason=\"" + told(reason) + '"',
        count.get()));
    histograms.forEach((name, histogram) -> {
      type(out, "histogram", name);
      histogram.write(out, PREFIX + name, label);
    });
    return out.toString();
  }

  /** The name of the model, the label of all values. */
  String model() {
    return model;
  }

  List<Value> values() {
    return values;
  }

  /** Answers by why they ended. */
  Map<FinishReason, AtomicLong> finished() {
    return finished;
  }

  /** Why an answer ended, as vLLM calls it. */
  static String told(FinishReason reason) {
    return reason == FinishReason.CANCELLED ? "abort" : reason.toString();
  }

  Map<String, Histogram> histograms() {
    return histograms;
  }

  private static void type(StringBuilder out, String type, String name) {
    out.append("# TYPE ").append(PREFIX).append(name).append(' ').append(type).append('\n');
  }

  private static void line(StringBuilder out, String name, String label, Number value) {
    out.append(PREFIX).append(name).append('{').append(label).append("} ").append(value).append('\n');
  }
}
