package io.swiftjvm.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Turns SIGTERM and Ctrl-C into an orderly end with exit code 0. Closed when all is put away; only then does a process
 * that was asked to end do so.
 */
final class Shutdown implements AutoCloseable {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook = Thread.ofPlatform().name("swift-shutdown").unstarted(this::end);

  Shutdown() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Waits until the process or this thread is asked to end. */
  void await() {
    try {
      asked.await();
    } catch (InterruptedException e) {
      // a request to end like the other one
    }
  }

  private void end() {
    asked.countDown();
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // otherwise the exit code would be that of a process killed by a signal
    Runtime.getRuntime().halt(0);
  }

  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // the hook runs
    }
  }
}
