package io.swiftjvm.infer.external;

import io.swiftjvm.error.CancelledException;
import io.swiftjvm.infer.external.EngineException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A server process that was started here: {@code vllm serve}, {@code sglang serve}, {@code lmdeploy serve api_server}. It
 * listens at the loopback address only. Closing ends it and what it started.
 */
public final class EngineServer implements AutoCloseable {
  private static final String HOST = "127.0.0.1";
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int LAST_WORDS = 2000;
  private static final int GRACE_SECONDS = 10;

  private final EngineKind kind;
  private final Process process;
  private final URI url;
  private final Path log;

  private EngineServer(EngineKind kind, Process process, URI url, Path log) {
    this.kind = kind;
    this.process = process;
    this.url = url;
    this.log = log;
  }

  /**
   * Starts a server and waits until it is healthy.
   *
   * @throws EngineException if the program is not there, ends, or is not ready in time; its last words are told
   */
  public static EngineServer start(EngineLaunch launch) {
    EngineServer server = spawn(launch);
    boolean ready = false;
    try {
      server.await(launch.startTimeout());
      ready = true;
      return server;
    } finally {
      if (!ready) {
        server.close();
      }
    }
  }

  private static EngineServer spawn(EngineLaunch launch) {
    String program = launch.command().getFirst();
    Path log = launch.log();
    try {
      int port = launch.port() == 0 ? freePort() : launch.port();
      log = log == null ? Files.createTempFile("swift-engine-", ".log") : log;
      List<String> line = new ArrayList<>(launch.command());
      line.addAll(launch.kind().arguments(launch.model(), launch.model(), HOST, port, launch.adapters()));
      line.addAll(launch.arguments());
      Process process = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile())
          .redirectInput(ProcessBuilder.Redirect.PIPE).start();
      process.getOutputStream().close();
      return new EngineServer(launch.kind(), process, URI.create("http://" + HOST + ":" + port), log);
    } catch (IOException e) {
      throw new EngineException(Reason.NOT_INSTALLED, "'" + program + "' cannot be started (" + e.getMessage()
          + "). Install the engine, or give its command with its full path.", e);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void await(Duration timeout) {
    long end = System.nanoTime() + timeout.toNanos();
    HttpRequest health = HttpRequest.newBuilder(url.resolve("/health")).timeout(Duration.ofSeconds(5)).build();
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build()) {
      while (!healthy(http, health)) {
        if (process.waitFor(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new EngineException(Reason.NOT_STARTED, 0,
              kind + " ended with status " + process.exitValue() + " before it was ready. It said: " + lastWords());
        }
        if (System.nanoTime() - end > 0) {
          throw new EngineException(Reason.NOT_STARTED, 0,
              kind + " was not healthy within " + timeout + ". It said: " + lastWords());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("The start of " + kind + " was interrupted.", e);
    }
  }

  private static boolean healthy(HttpClient http, HttpRequest request) throws InterruptedException {
    try {
      return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false; // it does not listen yet
    }
  }

  private String lastWords() {
    try {
      byte[] all = Files.readAllBytes(log);
      int from = Math.max(0, all.length - LAST_WORDS);
      return new String(all, from, all.length - from, StandardCharsets.UTF_8).strip() + " (" + log + ")";
    } catch (IOException e) {
      return "(" + log + " cannot be read)";
    }
  }

  /** Where it listens. */
  public URI url() {
    return url;
  }

  /** Where its output goes. */
  public Path log() {
    return log;
  }

  /** True as long as the process lives. */
  public boolean running() {
    return process.isAlive();
  }

  /** Connects to it. */
  public OpenAiEngine connect(EngineAccess access) {
    return OpenAiEngine.connect(kind, url, access);
  }

  /** Asks the process to end, with all that it started, and makes it after ten seconds. */
  @Override
  public void close() {
    List<ProcessHandle> all = Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
    all.forEach(ProcessHandle::destroy);
    boolean interrupted = false;
    try {
      process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    all.stream().filter(ProcessHandle::isAlive).forEach(ProcessHandle::destroyForcibly);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return kind + " at " + url + " (process " + process.pid() + ")";
  }
}
