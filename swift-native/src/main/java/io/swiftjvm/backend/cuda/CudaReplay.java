package io.swiftjvm.backend.cuda;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Fallbacks;
import io.swiftjvm.backend.Replay;
import io.swiftjvm.backend.Segments;
import java.util.List;

/**
 * Recorded operations as one CUDA graph: a step of decoding is some hundred short kernels, which take longer to launch one by
 * one than to run. The first time they run as they are, which makes what they keep on the device; then they are captured,
 * and again whenever attention cuts its work into other launches. What cannot be captured runs one by one.
 */
final class CudaReplay implements Replay {
  private final Backend backend;
  private final Session session;
  private final DeviceMemory memory;
  private final IdChecks checks;
  private final Fallbacks fallbacks;
  private final List<Operation> operations;
  private final Tiles.Book book = new Tiles.Book();
  private boolean prepared;
  private boolean possible;
  private long graph;
  private long pages;

  CudaReplay(
      Backend backend, Session session, DeviceMemory memory, IdChecks checks, Fallbacks fallbacks,
      List<Operation> operations) {
    this.backend = backend;
    this.session = session;
    this.memory = memory;
    this.checks = checks;
    this.fallbacks = fallbacks;
    this.operations = List.copyOf(operations);
    this.possible = session.enter().hasGraphs();
    if (!possible) {
      fallbacks.other("decoding as a graph", "the driver is older than CUDA 11.4, kernels are launched one by one");
    }
  }

  @Override
  public void run(Segments segments) {
    // kernels know their tables by the identity of segments
    perform(segments.again());
  }

  private void perform(Segments segments) {
    if (!possible) {
      operations.forEach(operation -> operation.run(backend, segments));
      return;
    }
    long table = segments.pages() == null ? 0 : memory.address(segments.pages().table());
    if (!prepared || table != pages || !book.rewrite(segments)) {
      forget();
      session.withBook(book, () -> operations.forEach(operation -> operation.run(backend, segments)));
      pages = table;
      prepared = true;
      return;
    }
    if (graph == 0) {
      try {
        graph = session.capture(
            () -> session.withBook(book, () -> operations.forEach(operation -> operation.run(backend, segments))));
      } catch (RuntimeException e) {
        possible = false;
        fallbacks.other("decoding as a graph", e.getMessage() + "; kernels are launched one by one");
        perform(segments);
        return;
      }
    }
    checks.ask();
    session.enter().launchGraph(graph, session.stream());
  }

  private void forget() {
    long old = graph;
    graph = 0;
    prepared = false;
    try {
      if (old != 0 && !session.isClosed()) {
        // The last launch of it may still run.
        session.synchronize();
        session.enter().destroyGraph(old);
      }
    } finally {
      book.close();
    }
  }

  @Override
  public void close() {
    forget();
  }
}
