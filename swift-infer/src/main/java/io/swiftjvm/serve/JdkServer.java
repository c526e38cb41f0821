package io.swiftjvm.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.swiftjvm.error.SwiftException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/** The HTTP server of the JDK with a virtual thread for each request, and with deadlines, which it lacks. */
final class JdkServer implements AutoCloseable {
  private static final int BACKLOG = 1024;
  /** The guard of the thread that a request is read and answered by. */
  private static final ScopedValue<Watchdog.Guard> GUARD = ScopedValue.newInstance();

  private final HttpServer server;
  private final Watchdog watchdog = new Watchdog();
  private final Deadlines deadlines;
  private final Consumer<Exchange> handler;

  /** Listens, and hands every request to {@code handler}. */
  JdkServer(InetSocketAddress address, Deadlines deadlines, Consumer<Exchange> handler) {
    this.deadlines = deadlines;
    this.handler = handler;
    try {
      server = HttpServer.create(address, BACKLOG);
    } catch (IOException e) {
      watchdog.close();
      throw new SwiftException("Cannot listen at " + address.getHostString() + ":" + address.getPort() + ": "
          + e.getMessage() + ". Choose another port, or 0 for a free one.", e);
    }
    server.setExecutor(request -> Thread.ofVirtual().name("swift-http").start(() -> read(request)));
    server.createContext("/", this::answer);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** Reads the head of a request, which is what the JDK does before it calls {@link #answer}. */
  private void read(Runnable request) {
    try (Watchdog.Guard guard = watchdog.guard()) {
      guard.arm(deadlines.headers());
      ScopedValue.where(GUARD, guard).run(request);
    }
  }

  private void answer(HttpExchange http) throws IOException {
    Watchdog.Guard guard = GUARD.get();
    guard.disarm();
    JdkExchange exchange = new JdkExchange(http, guard, deadlines);
    try {
      handler.accept(exchange);
    } finally {
      exchange.close();
    }
  }

  /** Closes all connections. */
  @Override
  public void close() {
    server.stop(0);
    watchdog.close();
  }
}
