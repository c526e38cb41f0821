package io.swiftjvm.serve;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * The API of {@link ModelServer} without HTTP, for callers inside the JVM: the same paths, bodies, checks and errors,
 * and the same continuous batching of all callers.
 *
 * {@snippet :
 * try (LocalApi api = LocalApi.start(served, ServeOptions.DEFAULT)) {
 *   String json = api.post("/v1/chat/completions", body, LocalApi.Events.NONE).body();
 * }
 * }
 *
 * <p>Host, port and keys of the options mean nothing here. Thread-safe; a call runs in the caller's thread. Closing
 * finishes what runs; the model stays with its owner.
 */
public final class LocalApi implements AutoCloseable {
  private final ServerCore core;
  private boolean closed;

  private LocalApi(ServerCore core) {
    this.core = core;
  }

  /**
   * Starts to answer.
   *
   * @throws io.swiftjvm.error.InvalidPlanException if a name is there twice or a length is more than the model has
   */
  public static LocalApi start(ServedModel served, ServeOptions options) {
    return new LocalApi(new ServerCore(
        served, options.host(ServeOptions.DEFAULT.host()).adapters(a -> a.root(null, null)).apiKeys(List.of())));
  }

  /**
   * What came back.
   *
   * @param status as over HTTP: 200, or 400 .. 503 with an error object as the body
   * @param body JSON; empty where events were sent instead
   */
  public record Reply(int status, String body) {}

  /** Takes what is streamed, in the thread that asked. A call that takes its time delays its own answer only. */
  public interface Events {
    /** Takes nothing and goes on to the end. */
    Events NONE = json -> true;

    /**
     * One event, a JSON object as {@code data:} carries it.
     *
     * @return false to end the answer here
     */
    boolean event(String json);

    /** Asked now and then, also while there is nothing to tell; true ends the answer. Default: never. */
    default boolean cancelled() {
      return false;
    }
  }

  /** Posts a JSON object to a path such as {@code /v1/chat/completions}. */
  public Reply post(String path, String json, Events events) {
    Local exchange = new Local(path, json.getBytes(StandardCharsets.UTF_8), events);
    core.answer(exchange);
    return new Reply(exchange.status, exchange.streams ? "" : exchange.body.toString(StandardCharsets.UTF_8));
  }

  /** The names that requests may give as their model, the model's own first. */
  public List<String> models() {
    return core.models();
  }

  Metrics metrics() {
    return core.metrics();
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      core.close();
    }
  }

  /** A request that comes from here. */
  private static final class Local implements Exchange {
    private static final String DATA = "data: ";
    private static final String DONE = "[DONE]";

    private final String path;
    private final byte[] request;
    private final Events events;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private int status;
    private boolean streams;

    Local(String path, byte[] request, Events events) {
      this.path = path;
      this.request = request;
      this.events = events;
    }

    @Override
    public String method() {
      return "POST";
    }

    @Override
    public String path() {
      return path;
    }

    @Override
    public List<String> headers(String name) {
      return name.equals("Content-Type") ? List.of("application/json") : List.of();
    }

    @Override
    public HeaderSize headerSize() {
      return new HeaderSize(0, 0);
    }

    @Override
    public InputStream body() {
      return new ByteArrayInputStream(request);
    }

    @Override
    public void send(int code, Map<String, String> headers, byte[] bytes) {
      status = code;
      body.writeBytes(bytes);
    }

    @Override
    public OutputStream open(int code, Map<String, String> headers) {
      status = code;
      streams = headers.getOrDefault("Content-Type", "").startsWith("text/event-stream");
      return new OutputStream() {
        @Override
        public void write(int b) {
          body.write(b);
        }

        @Override
        public void write(byte[] bytes, int from, int length) {
          body.write(bytes, from, length);
        }

        @Override
        public void flush() throws IOException {
          deliver();
        }
      };
    }

    /** Hands whole events over; what is flushed always is whole. */
    private void deliver() throws IOException {
      if (events.cancelled()) {
        throw new IOException("the caller wants no more");
      }
      if (!streams) {
        return;
      }
      String text = body.toString(StandardCharsets.UTF_8);
      body.reset();
      for (String line : text.split("\n", -1)) {
        boolean told = line.startsWith(DATA) && !line.endsWith(DONE);
        if (told && !events.event(line.substring(DATA.length()))) {
          throw new IOException("the caller wants no more");
        }
      }
    }
  }
}
