package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A headless Chromium that was found on this machine, driven by its DevTools protocol. */
final class Browser implements AutoCloseable {
  private final Process process;
  private final WebSocket socket;
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private volatile String password = "";
  private final AtomicInteger number = new AtomicInteger();

  private Browser(Process process, String address) {
    this.process = process;
    this.socket = HttpClient.newHttpClient().newWebSocketBuilder()
        .buildAsync(URI.create(address), new Reader()).join();
  }

  /** The program, if one of its usual names is on the path. */
  static Optional<Path> find() {
    return List.of("chromium", "chromium-browser", "google-chrome", "chrome").stream()
        .flatMap(name -> List.of(System.getenv("PATH").split(":")).stream().map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable).findFirst();
  }

  /** Opens {@code url}; {@code folder} takes the browser's files. */
  static Browser open(Path program, Path folder, String url) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(program.toString(), "--headless=new", "--no-sandbox", "--disable-gpu",
        "--no-first-run", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions",
        "--remote-debugging-port=0", "--user-data-dir=" + folder, url)
        .redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
    Path file = folder.resolve("DevToolsActivePort");
    for (int i = 0; i < 300 && process.isAlive() && !(Files.exists(file) && Files.size(file) > 0); i++) {
      Thread.sleep(100);
    }
    if (!Files.exists(file)) {
      process.destroyForcibly();
      throw new IOException("the browser did not start: " + Files.readString(folder.resolve("log")));
    }
    String port = Files.readAllLines(file).getFirst();
    for (int i = 0; i < 100; i++) {
      HttpRequest list = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/list")).build();
      String text = HttpClient.newHttpClient().send(list, HttpResponse.BodyHandlers.ofString()).body();
      for (JsonNode target : TinyServer.JSON.readTree(text)) {
        if (target.path("type").asText().equals("page")) {
          return new Browser(process, target.path("webSocketDebuggerUrl").asText());
        }
      }
      Thread.sleep(100);
    }
    process.destroyForcibly();
    throw new IOException("the browser has no page");
  }

  private final class Reader implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        JsonNode message = new TinyServer.Answer(200, text.toString(), Map.of()).json();
        text.setLength(0);
        CompletableFuture<JsonNode> waiting = answers.remove(message.path("id").asInt());
        if (waiting != null) {
          waiting.complete(message);
        }
        paused(message);
      }
      from.request(1);
      return CompletableFuture.completedStage(null);
    }
  }

  /** Lets a request that the browser waits with go on, with the password where it asks its user for one. */
  private void paused(JsonNode message) {
    ObjectNode parameters = TinyServer.JSON.createObjectNode().put("requestId", message.at("/params/requestId").asText());
    switch (message.path("method").asText()) {
      case "Fetch.requestPaused" -> send("Fetch.continueRequest", parameters);
      case "Fetch.authRequired" -> {
        parameters.putObject("authChallengeResponse").put("response", "ProvideCredentials").put("username", "me")
            .put("password", password);
        send("Fetch.continueWithAuth", parameters);
      }
      default -> {
        // other events do not matter here
      }
    }
  }

  /** Types {@code password} when the browser asks for one at {@code url}, once. */
  void login(String url, String given) throws InterruptedException {
    password = given;
    call("Fetch.enable", TinyServer.JSON.createObjectNode().put("handleAuthRequests", true));
    call("Page.navigate", TinyServer.JSON.createObjectNode().put("url", url));
    await("document.title === 'Swift chat'");
    call("Fetch.disable", TinyServer.JSON.createObjectNode());
  }

  JsonNode call(String method, ObjectNode parameters) {
    return send(method, parameters).orTimeout(30, TimeUnit.SECONDS).join();
  }

  private CompletableFuture<JsonNode> send(String method, ObjectNode parameters) {
    int id = number.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    answers.put(id, answer);
    ObjectNode message = TinyServer.JSON.createObjectNode().put("id", id).put("method", method);
    message.set("params", parameters);
    synchronized (socket) {
      socket.sendText(message.toString(), true).join();
    }
    return answer;
  }

  /** The value of a script. */
  String evaluate(String script) {
    JsonNode result = call("Runtime.evaluate",
        TinyServer.JSON.createObjectNode().put("expression", script).put("returnByValue", true)).path("result");
    if (result.has("exceptionDetails")) {
      throw new AssertionError(result.toString());
    }
    return result.at("/result/value").asText();
  }

  /** Waits until a script is true. */
  void await(String script) throws InterruptedException {
    for (int i = 0; i < 600; i++) {
      if (evaluate("String(Boolean(" + script + "))").equals("true")) {
        return;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("never came true: " + script + "; the page is " + evaluate("document.body?.innerText"));
  }

  @Override
  public void close() {
    socket.abort();
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    process.onExit().orTimeout(10, TimeUnit.SECONDS).exceptionally(e -> process).join();
  }
}
