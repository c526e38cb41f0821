package io.swiftjvm.serve;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.Scheduler;
import io.swiftjvm.infer.SchedulerOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A model that is served as the OpenAI API: chat, responses and completions (whole
 * and streamed), embeddings, relevance, models, tokens, health, metrics.
 *
 * {@snippet :
 * try (ModelServer server = ModelServer.start(served, ServeOptions.DEFAULT.port(0).apiKeys("secret"))) {
 *   connect(server.url());
 * }
 * }
 *
 * <p>Requests of all clients share passes through the model; an answer does not depend on its neighbours. Thread-safe.
 * Closing finishes what runs, refuses what comes with 503, and gives the port back; the model stays with its owner.
 */
public final class ModelServer implements AutoCloseable {
  private static final int QUEUE_FACTOR = 4;
  private static final Duration LAST_WRITES = Duration.ofSeconds(2);

  private final ServeOptions options;
  private final ModelNames names;
  private final Scheduler scheduler;
  private final InFlight inFlight;
  private final VectorWork vectors;
  private final AdapterDesk adapters;
  private final JdkServer http;
  private final List<Runnable> afterwards = new CopyOnWriteArrayList<>();
  private boolean closed;

  private ModelServer(ServedModel served, ServeOptions options) {
    this.options = options;
    this.inFlight = new InFlight(options.rates().inFlight());
    InetAddress address = LocalHosts.address(options.host(), !options.apiKeys().isEmpty());
    Integer length = options.maxModelLength();
    Engine engine = new Engine(served.model(), served.tokenizer(),
        length == null ? options.engine() : options.engine().maxLength(length));
    this.names = names(served, options, engine.maxLength());
    adapters = new AdapterDesk(engine, names, options);
    int asked = options.rates().queue();
    int queue = asked == 0 ? QUEUE_FACTOR * options.engine().maxSequences() : asked;
    vectors = new VectorWork(engine, queue);
    boolean done = false;
    Scheduler started = null;
    try {
      new TreeMap<>(options.adapters().named()).forEach(adapters::attach);
      started = new Scheduler(
          engine, SchedulerOptions.DEFAULT.queueWait(options.deadlines().queue()).queue(queue));
      Service service = new Service(served, options, names, started, new PromptEncoder(served),
          new TokenText(served.tokenizer()), new Json(options.sizes()), new Metrics(names, started), vectors, adapters);
      Api api = new Api(service, inFlight);
      http = new JdkServer(new InetSocketAddress(address, options.port()), options.deadlines(), api::answer);
      scheduler = started;
      done = true;
    } finally {
      if (!done) {
        if (started != null) {
          started.close();
        }
        adapters.close();
      }
    }
  }

  /**
   * Starts to serve.
   *
   * @throws InvalidPlanException if the address needs a key, a name is there twice, or a length is more than the model
   *     has
   * @throws io.swiftjvm.error.SwiftException if an adapter cannot be read or the port is taken
   */
  public static ModelServer start(ServedModel served, ServeOptions options) {
    return new ModelServer(served, options);
  }

  private static ModelNames names(ServedModel served, ServeOptions options, int maxLength) {
    String base = options.name() == null ? served.name() : options.name();
    if (base.isBlank() || options.adapters().named().containsKey(base)) {
      throw new InvalidPlanException("The model is called '" + base + "', and so is an adapter or nothing. Give it "
          + "another name with name(...) or --served_model_name.");
    }
    return new ModelNames(base, served.adapters(), maxLength);
  }

  /** The port it listens at. */
  public int port() {
    return http.port();
  }

  /** Where it answers, {@code http://127.0.0.1:8000}; clients of OpenAI take it with {@code /v1} behind. */
  public String url() {
    String host = options.host();
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port();
  }

  /** The names that requests may give as their model, the model's own first. */
  public List<String> models() {
    return names.cards().stream().map(card -> card.path("id").asText()).toList();
  }

  /** Runs {@code action} at the end of {@link #close}, for instance to close what the server uses. */
  public ModelServer afterwards(Runnable action) {
    afterwards.add(action);
    return this;
  }

  /** Sequences that are being worked on and those that wait. */
  public Map<String, Integer> load() {
    return Map.of("running", scheduler.running(), "waiting", scheduler.waiting());
  }

  /**
   * Refuses new requests, waits up to {@link Deadlines#drain} for those that run, then ends them. An interrupt ends the
   * wait and stays set. Closing twice is harmless.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
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
    http.close();
    adapters.close();
    afterwards.forEach(Runnable::run);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return models() + " at " + url();
  }
}
