package io.swiftjvm.serve;

import io.swiftjvm.error.Closing;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.Scheduler;
import io.swiftjvm.infer.SchedulerOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A model, its scheduler and the protocol over them; whatever brings the requests. */
final class ServerCore implements AutoCloseable {
  private static final int QUEUE_FACTOR = 4;
  private static final Duration LAST_WRITES = Duration.ofSeconds(2);

  private final ServeOptions options;
  private final ModelNames names;
  private final Scheduler scheduler;
  private final InFlight inFlight;
  private final VectorWork vectors;
  private final AdapterDesk adapters;
  private final Metrics metrics;
  private final Api api;

  ServerCore(ServedModel served, ServeOptions options) {
    this.options = options;
    this.inFlight = new InFlight(options.rates().inFlight());
    Integer length = options.maxModelLength();
    Engine engine = new Engine(served.model(), served.tokenizer(),
        length == null ? options.engine() : options.engine().maxLength(length));
    this.names = names(served, options, engine.maxLength());
    this.adapters = new AdapterDesk(engine, names, options);
    int asked = options.rates().queue();
    int queue = asked == 0 ? QUEUE_FACTOR * options.engine().maxSequences() : asked;
    this.vectors = new VectorWork(engine, queue);
    Scheduler started = null;
    try {
      new TreeMap<>(options.adapters().named()).forEach(adapters::attach);
      started = new Scheduler(
          engine, SchedulerOptions.DEFAULT.queueWait(options.deadlines().queue()).queue(queue));
      metrics = new Metrics(names, started);
      Service service = new Service(served, options, names, started, new PromptEncoder(served),
          new TokenText(served.tokenizer()), new Json(options.sizes()), metrics, vectors, adapters);
      api = new Api(service, inFlight);
      scheduler = started;
    } catch (RuntimeException | Error e) {
      Closing.after(e, started, adapters);
      throw e;
    }
  }

  private static ModelNames names(ServedModel served, ServeOptions options, int maxLength) {
    String base = options.name() == null ? served.name() : options.name();
    if (base.isBlank() || options.adapters().named().containsKey(base)) {
      throw new InvalidPlanException("The model is called '" + base + "', and so is an adapter or nothing. Give it "
          + "another name with name(...) or --served_model_name.");
    }
    return new ModelNames(base, served.adapters(), maxLength);
  }

  /** Answers one request, whatever it is. */
  void answer(Exchange exchange) {
    api.answer(exchange);
  }

  /** The names that requests may give as their model, the model's own first. */
  List<String> models() {
    return names.cards().stream().map(card -> card.path("id").asText()).toList();
  }

  Metrics metrics() {
    return metrics;
  }

  Map<String, Integer> load() {
    return Map.of("running", scheduler.running(), "waiting", scheduler.waiting());
  }

  /** Refuses what comes, finishes what runs within its time, then ends it, and runs {@code hangUp} for connections. */
  void close(Runnable hangUp) {
    inFlight.drain();
    boolean interrupted = false;
    try {
      inFlight.awaitAdmitted(options.deadlines().drain());
    } catch (InterruptedException e) {
      interrupted = true;
    }
    vectors.close();
    scheduler.close();
    try {
      inFlight.awaitPresent(LAST_WRITES);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    try {
      Closing.all(hangUp::run, adapters);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    close(() -> { });
  }
}
