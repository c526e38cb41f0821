package io.swiftjvm.serve;

import java.time.Duration;

/** Counts the requests that are being answered, and lets no more in once the server drains. */
final class InFlight {
  private final int most;
  private int count;
  private boolean draining;

  InFlight(int most) {
    this.most = most;
  }

  synchronized boolean draining() {
    return draining;
  }

  synchronized void enter() {
    if (draining) {
      throw ApiException.unavailable("The server is shutting down.", 1);
    }
    if (count >= most) {
      throw ApiException.unavailable("The server has " + most + " requests already.", 1);
    }
    count++;
  }

  synchronized void leave() {
    count--;
    notifyAll();
  }

  synchronized void drain() {
    draining = true;
  }

  /** Waits until nothing is being answered; false if that took too long. */
  synchronized boolean awaitNone(Duration timeout) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    while (count > 0 && end - System.nanoTime() > 0) {
      wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
    }
    return count == 0;
  }
}
