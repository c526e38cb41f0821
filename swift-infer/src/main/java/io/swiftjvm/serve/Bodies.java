package io.swiftjvm.serve;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/** Reads bodies within their limits; together they hold no more than the server allows. */
final class Bodies {
  private static final int CHUNK = 16 << 10;

  private final SizeLimits limits;
  private final AtomicLong held = new AtomicLong();

  Bodies(SizeLimits limits) {
    this.limits = limits;
  }

  /** What {@code parse} makes of the body of a request; the bytes count as held until then. */
  <T> T read(Exchange exchange, Function<byte[], T> parse) throws IOException {
    checkType(exchange);
    checkLength(exchange);
    long mine = 0;
    try {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      InputStream in = exchange.body();
      byte[] chunk = new byte[CHUNK];
      for (int n = next(in, chunk); n >= 0; n = next(in, chunk)) {
        mine += n;
        if (mine > limits.bodyBytes()) {
          throw tooLarge();
        }
        if (held.addAndGet(n) > limits.bufferedBytes()) {
          throw ApiException.unavailable("The server holds too many large requests.", 1);
        }
        all.write(chunk, 0, n);
      }
      return parse.apply(all.toByteArray());
    } finally {
      held.addAndGet(-mine);
    }
  }

  /** Chunks that are none are the client's fault; one that left hears nothing of it. */
  private static int next(InputStream in, byte[] chunk) throws IOException {
    try {
      return in.read(chunk);
    } catch (SocketTimeoutException | ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw ApiException.invalid(null, "The body cannot be read: it ends early, or its chunks have no right lengths.");
    }
  }

  private static void checkType(Exchange exchange) {
    List<String> types = exchange.headers("Content-Type");
    String type = types.size() == 1 ? types.getFirst().split(";", 2)[0].strip().toLowerCase(Locale.ROOT) : "";
    if (!type.equals("application/json")) {
      throw ApiException.refused(415, "The Content-Type must be application/json.");
    }
    if (exchange.headers("Content-Encoding").stream().anyMatch(e -> !e.equalsIgnoreCase("identity"))) {
      throw ApiException.refused(415, "A Content-Encoding is not supported.");
    }
  }

  private void checkLength(Exchange exchange) {
    for (String length : exchange.headers("Content-Length")) {
      // 18 digits fit a long
      if (length.strip().length() > 18 || Long.parseLong(length.strip()) > limits.bodyBytes()) {
        throw tooLarge();
      }
    }
  }

  private ApiException tooLarge() {
    return ApiException.refused(413, "The body is larger than " + limits.bodyBytes() + " bytes.");
  }
}
