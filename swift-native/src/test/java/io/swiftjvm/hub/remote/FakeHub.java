package io.swiftjvm.hub.remote;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/** A hub on the loopback interface that speaks both protocols and misbehaves on request. */
public final class FakeHub implements AutoCloseable {
  public static final String ID = "Org/Tiny-1.5";
  public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  static final int LFS_BYTES = 1000;

  private final HttpServer server;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final List<Seen> seen = new CopyOnWriteArrayList<>();
  private volatile Misbehaviour misbehaviour = (request, file) -> Fault.NONE;
  private volatile Optional<FakeHub> storage = Optional.empty();
  private volatile boolean siblingsOnly;
  private volatile int denied;
  private volatile String error = "";

  /** A request as it came. */
  public record Seen(String method, String path, String query, Map<String, List<String>> headers) {
    boolean isContent() {
      return path.contains("/resolve/") || query.contains("FilePath=") || path.startsWith("/storage/");
    }

    boolean has(String header) {
      return headers.containsKey(header.toLowerCase(Locale.ROOT));
    }
  }

  /** Chooses the fault of an answer. */
  interface Misbehaviour {
    Fault on(Seen request, String file);
  }

  public FakeHub() {
    try {
      server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(executor);
    server.createContext("/", this::answer);
    server.start();
  }

  public FakeHub file(String path, byte[] content) {
    files.put(path, content);
    return this;
  }

  public FakeHub file(String path, String content) {
    return file(path, content.getBytes(StandardCharsets.UTF_8));
  }

  FakeHub misbehave(Misbehaviour how) {
    misbehaviour = how;
    return this;
  }

  /** Serves LFS files by a redirect to {@code other}, as the real hub does. */
  FakeHub storage(FakeHub other) {
    storage = Optional.of(other);
    other.files.putAll(files);
    return this;
  }

  /** Lists names without sizes and hashes, and has no tree. */
  FakeHub siblingsOnly() {
    siblingsOnly = true;
    return this;
  }

  FakeHub deny(int status, String errorCode) {
    denied = status;
    error = errorCode;
    return this;
  }

  Map<String, byte[]> files() {
    return files;
  }

  public List<Seen> seen() {
    return seen;
  }

  long contentRequests() {
    return seen.stream().filter(s -> s.isContent() && s.method().equals("GET")).count();
  }

  public String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  HubEndpoint endpoint(HubKind kind, Path cache) {
    return HubEndpoint.of(kind, address() + "/", Optional.of("hub-secret"), cache);
  }

  private void answer(HttpExchange exchange) throws IOException {
    Map<String, List<String>> headers = exchange.getRequestHeaders().entrySet().stream()
        .collect(Collectors.toMap(e -> e.getKey().toLowerCase(Locale.ROOT), e -> List.copyOf(e.getValue())));
    String query = Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse("");
    Seen request = new Seen(exchange.getRequestMethod(), exchange.getRequestURI().getPath(), query, headers);
    seen.add(request);
    try {
      if (denied != 0) {
        exchange.getResponseHeaders().set("X-Error-Code", error);
        exchange.sendResponseHeaders(denied, -1);
      } else if (request.isContent()) {
        content(exchange, request);
      } else {
        listing(exchange, request);
      }
    } catch (IOException | RuntimeException e) {
      exchange.close(); // only here: the server would close a connection that is to be used again
      throw e;
    }
  }

  private void listing(HttpExchange exchange, Seen request) throws IOException {
    String json;
    if (request.path().startsWith("/api/models/" + ID + "/revision/")) {
      json = "{\"sha\":\"" + COMMIT + "\",\"siblings\":["
          + each(e -> siblingsOnly ? "{\"rfilename\":" + quote(e.getKey()) + "}"
              : "{\"rfilename\":" + quote(e.getKey()) + ",\"size\":" + e.getValue().length + ",\"blobId\":\""
              + Hashes.git(e.getValue()) + "\"" + (isLfs(e.getValue()) ? ",\"lfs\":{\"sha256\":\""
              + Hashes.sha256(e.getValue()) + "\",\"size\":" + e.getValue().length + "}" : "") + "}") + "]}";
    } else if (request.path().equals("/api/v1/models/" + ID + "/repo/files")) {
      json = "{\"Code\":200,\"Data\":{\"Files\":[" + each(e -> "{\"Path\":" + quote(e.getKey()) + ",\"Size\":"
          + e.getValue().length + ",\"Sha256\":\"" + Hashes.sha256(e.getValue()) + "\",\"Type\":\"blob\"}") + "]}}";
    } else {
      exchange.sendResponseHeaders(404, -1);
      return;
    }
    misbehaviour.on(request, "").send(exchange, this, json.getBytes(StandardCharsets.UTF_8), "");
  }

  private String each(java.util.function.Function<Map.Entry<String, byte[]>, String> json) {
    return new TreeMap<>(files).entrySet().stream().map(json).collect(Collectors.joining(","));
  }

  private static String quote(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\0", "\\u0000") + "\"";
  }

  static boolean isLfs(byte[] content) {
    return content.length >= LFS_BYTES;
  }

  private void content(HttpExchange exchange, Seen request) throws IOException {
    String path = request.path().contains("/resolve/")
        ? request.path().substring(request.path().indexOf('/', request.path().indexOf("/resolve/") + 9) + 1)
        : request.path().startsWith("/storage/") ? request.path().substring("/storage/".length())
        : URLDecoder.decode(request.query().replaceFirst(".*FilePath=", ""), StandardCharsets.UTF_8);
    byte[] content = files.get(path);
    if (content == null) {
      exchange.sendResponseHeaders(404, -1);
      return;
    }
    Headers headers = exchange.getResponseHeaders();
    boolean huggingFace = request.path().contains("/resolve/");
    String etag = huggingFace && !isLfs(content) ? Hashes.git(content) : Hashes.sha256(content);
    if (huggingFace) {
      headers.set("X-Repo-Commit", COMMIT);
    }
    if (huggingFace && isLfs(content)) {
      headers.set("X-Linked-Etag", "\"" + etag + "\"");
      headers.set("X-Linked-Size", String.valueOf(content.length));
    }
    Fault fault = misbehaviour.on(request, path);
    if (storage.isPresent() && isLfs(content) && fault == Fault.NONE) {
      fault = Fault.redirect(storage.get().address() + "/storage/" + path);
    }
    fault.send(exchange, this, content, request.path().startsWith("/storage/") ? "storage-" + etag.hashCode() : etag);
  }

  public static List<String> names(List<Seen> requests) {
    return new ArrayList<>(requests.stream().map(s -> s.method() + " " + s.path()).toList());
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }
}
