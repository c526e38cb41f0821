package io.swiftjvm.serve;

import com.sun.net.httpserver.HttpExchange;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** An exchange of {@code jdk.httpserver}, with deadlines. */
final class JdkExchange implements Exchange {
  /** How long and how far the rest of a refused body is read, so that its sender sees the answer. */
  private static final Duration REST_TIME = Duration.ofSeconds(2);
  private static final long REST_BYTES = 64L << 20;

  private final HttpExchange exchange;
  private final Watchdog.Guard guard;
  private final Deadlines deadlines;

  JdkExchange(HttpExchange exchange, Watchdog.Guard guard, Deadlines deadlines) {
    this.exchange = exchange;
    this.guard = guard;
    this.deadlines = deadlines;
  }

  @Override
  public String method() {
    return exchange.getRequestMethod();
  }

  @Override
  public String path() {
    String path = exchange.getRequestURI().getPath();
    return path == null ? "" : path;
  }

  @Override
  public List<String> headers(String name) {
    List<String> values = exchange.getRequestHeaders().get(name);
    return values == null ? List.of() : values;
  }

  @Override
  public HeaderSize headerSize() {
    int count = 0;
    long bytes = 0;
    for (Map.Entry<String, List<String>> header : exchange.getRequestHeaders().entrySet()) {
      for (String value : header.getValue()) {
        count++;
        bytes += header.getKey().length() + value.length();
      }
    }
    return new HeaderSize(count, bytes);
  }

  @Override
  public InputStream body() {
    return new GuardedInput(exchange.getRequestBody(), guard, deadlines.body());
  }

  @Override
  public void send(int status, Map<String, String> headers, byte[] body) throws IOException {
    headers.forEach(exchange.getResponseHeaders()::set);
    boolean bare = exchange.getRequestMethod().equals("HEAD");
    guard.within(deadlines.write(), () -> {
      exchange.sendResponseHeaders(status, bare || body.length == 0 ? -1 : body.length);
      if (!bare) {
        exchange.getResponseBody().write(body);
        exchange.getResponseBody().flush();
      }
      return 0;
    });
    if (status >= 400) {
      readRest();
    }
  }

  private void readRest() throws IOException {
    try (InputStream in = new GuardedInput(exchange.getRequestBody(), guard, REST_TIME)) {
      byte[] chunk = new byte[16 << 10];
      long left = REST_BYTES;
      for (int n = in.read(chunk); n >= 0 && left > 0; n = in.read(chunk)) {
        left -= n;
      }
    }
  }

  @Override
  public OutputStream open(int status, Map<String, String> headers) throws IOException {
    headers.forEach(exchange.getResponseHeaders()::set);
    guard.within(deadlines.write(), () -> {
      exchange.sendResponseHeaders(status, 0);
      return 0;
    });
    return new GuardedOutput(exchange.getResponseBody());
  }

  /** Ends the exchange: a response that was begun is completed, the rest of the request is passed over. */
  void close() throws IOException {
    guard.within(REST_TIME, () -> {
      exchange.close();
      return 0;
    });
  }

  /** A body that has to arrive within one deadline from the first read on. */
  private static final class GuardedInput extends InputStream {
    private final InputStream in;
    private final Watchdog.Guard guard;
    private final Duration time;
    private long end;

    GuardedInput(InputStream in, Watchdog.Guard guard, Duration time) {
      this.in = in;
      this.guard = guard;
      this.time = time;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      long now = System.nanoTime();
      end = end == 0 ? now + time.toNanos() : end;
      return guard.within(Duration.ofNanos(Math.max(0, end - now)), () -> in.read(bytes, from, length));
    }
  }

  /** A response each write of which has a deadline of its own. */
  private final class GuardedOutput extends FilterOutputStream {
    GuardedOutput(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      guard.within(deadlines.write(), () -> {
        out.write(bytes, from, length);
        return 0;
      });
    }

    @Override
    public void flush() throws IOException {
      guard.within(deadlines.write(), () -> {
        out.flush();
        return 0;
      });
    }

    @Override
    public void close() throws IOException {
      guard.within(deadlines.write(), () -> {
        out.close();
        return 0;
      });
    }
  }
}
