package io.swiftjvm.hub.remote;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How a {@link FakeHub} answers: well, or wrong in one way. */
@FunctionalInterface
interface Fault {
  Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  Fault NONE = (exchange, hub, content, etag) -> serve(exchange, content, etag, body -> body, 1.0);
  Fault CUT = (exchange, hub, content, etag) -> serve(exchange, content, etag, body -> body, 0.6);
  Fault WRONG_BYTE = (exchange, hub, content, etag) -> serve(exchange, content, etag, body -> {
    byte[] wrong = body.clone();
    wrong[wrong.length / 2] ^= 0x10;
    return wrong;
  }, 1.0);
  Fault TOO_SHORT = (exchange, hub, content, etag) ->
      serve(exchange, content, etag, body -> Arrays.copyOf(body, body.length / 2), 1.0);
  Fault TOO_LONG = (exchange, hub, content, etag) ->
      serve(exchange, content, etag, body -> Arrays.copyOf(body, body.length + 7), 1.0);
  Fault CHANGED_ETAG = (exchange, hub, content, etag) -> serve(exchange, content, "changed", body -> body, 1.0);
  Fault IGNORES_RANGE = (exchange, hub, content, etag) -> serve(exchange, content, etag, body -> body, 1.0, null);
  Fault GZIP = (exchange, hub, content, etag) -> {
    exchange.getResponseHeaders().set("Content-Encoding", "gzip");
    serve(exchange, content, etag, body -> body, 1.0);
  };
  Fault STALL = (exchange, hub, content, etag) -> {
    exchange.sendResponseHeaders(200, content.length);
    exchange.getResponseBody().write(content, 0, Math.min(3, content.length));
    exchange.getResponseBody().flush();
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  };

  void send(HttpExchange exchange, FakeHub hub, byte[] content, String etag) throws IOException;

  /** Changes a body. */
  interface Twist {
    byte[] on(byte[] body);
  }

  static Fault status(int status, String retryAfter) {
    return (exchange, hub, content, etag) -> {
      if (!retryAfter.isEmpty()) {
        exchange.getResponseHeaders().set("Retry-After", retryAfter);
      }
      exchange.sendResponseHeaders(status, -1);
    };
  }

  static Fault redirect(String location) {
    return (exchange, hub, content, etag) -> {
      exchange.getResponseHeaders().set("Location", location);
      exchange.sendResponseHeaders(302, -1);
    };
  }

  private static void serve(HttpExchange exchange, byte[] content, String etag, Twist twist, double share)
      throws IOException {
    serve(exchange, content, etag, twist, share, exchange.getRequestHeaders().getFirst("Range"));
  }

  private static void serve(
      HttpExchange exchange, byte[] content, String etag, Twist twist, double share, String range) throws IOException {
    if (!etag.isEmpty()) {
      exchange.getResponseHeaders().set("ETag", "\"" + etag + "\"");
    }
    String ifRange = exchange.getRequestHeaders().getFirst("If-Range");
    byte[] body = content;
    int status = 200;
    if (range != null && (ifRange == null || ifRange.equals("\"" + etag + "\""))) {
      Matcher matcher = RANGE.matcher(range);
      matcher.matches();
      int from = Integer.parseInt(matcher.group(1));
      int to = Math.min(content.length, Integer.parseInt(matcher.group(2)) + 1);
      body = Arrays.copyOfRange(content, from, to);
      status = 206;
      exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + content.length);
    }
    body = twist.on(body);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(body.length));
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      OutputStream out = exchange.getResponseBody();
      out.write(body, 0, (int) (body.length * share));
      if (share < 1.0) {
        out.flush();
        exchange.close();
      } else {
        out.close();
      }
    }
  }
}
