package io.swiftjvm.serve;

import io.swiftjvm.error.Closing;
import io.swiftjvm.error.InvalidPlanException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
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
  private final ServeOptions options;
  private final ServerCore core;
  private final JdkServer http;
  private final List<Runnable> afterwards = new CopyOnWriteArrayList<>();
  private boolean closed;

  private ModelServer(ServedModel served, ServeOptions options) {
    this.options = options;
    InetAddress address = LocalHosts.address(options.host(), !options.apiKeys().isEmpty());
    core = new ServerCore(served, options);
    boolean done = false;
    try {
      http = new JdkServer(new InetSocketAddress(address, options.port()), options.deadlines(), core::answer);
      done = true;
    } finally {
      if (!done) {
        core.close();
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
    return core.models();
  }

  /** Runs {@code action} at the end of {@link #close}, for instance to close what the server uses. */
  public ModelServer afterwards(Runnable action) {
    afterwards.add(action);
    return this;
  }

  Metrics metrics() {
    return core.metrics();
  }

  /** Sequences that are being worked on and those that wait. */
  public Map<String, Integer> load() {
    return core.load();
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
    Closing.all(() -> core.close(http::close), this::finish);
  }

  private void finish() {
    boolean interrupted = Thread.interrupted();
    try {
      Closing.each(afterwards, Runnable::run);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public String toString() {
    return models() + " at " + url();
  }
}
