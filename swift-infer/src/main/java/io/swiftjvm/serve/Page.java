package io.swiftjvm.serve;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/** The chat page: static files that use the API as any client does. Nothing is run or loaded from elsewhere. */
final class Page {
  private static final String FOLDER = "page/";
  private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
      + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  private static final Map<String, String> TYPES = Map.of("html", "text/html; charset=utf-8", "css",
      "text/css; charset=utf-8", "js", "text/javascript; charset=utf-8");
  private static final Map<String, String> FILES =
      Map.of("/", "index.html", "/page/style.css", "style.css", "/page/chat.js", "chat.js", "/page/api.js", "api.js");

  private final Map<String, byte[]> contents = new HashMap<>();

  Page() {
    FILES.forEach((path, name) -> contents.put(path, read(name)));
  }

  private static byte[] read(String name) {
    try (InputStream in = Page.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        throw new IllegalStateException("the file " + FOLDER + name + " is not in the jar");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** True for the paths of the page's files. */
  static boolean has(String path) {
    return FILES.containsKey(path);
  }

  /** The routes of the files. */
  Map<String, Endpoint> routes() {
    Map<String, Endpoint> routes = new HashMap<>();
    contents.forEach((path, bytes) -> {
      String name = FILES.getOrDefault(path, "");
      String type = TYPES.getOrDefault(name.substring(name.indexOf('.') + 1), "application/octet-stream");
      routes.put(path, call -> {
        Map<String, String> headers = call.headers(type);
        headers.put("Content-Security-Policy", POLICY);
        headers.put("X-Content-Type-Options", "nosniff");
        headers.put("Referrer-Policy", "no-referrer");
        headers.put("Cache-Control", "no-cache");
        call.exchange().send(200, headers, bytes);
      });
    });
    return routes;
  }
}
