package io.swiftjvm.serve;

import java.time.Duration;

/** Counts the requests that are being answered, and lets no more in once the server drains. */
final class InFlight {
  private final int most;
  private int present;
  private int admitted;
  private boolean draining;

  InFlight(int most) {
    this.most = most;
  }

  synchronized boolean draining() {
    return draining;
  }

  /** A request is there, also one that will be refused. */
  synchronized void arrive() {
    present++;
  }

  /** It is answered. */
  synchronized void leave(boolean wasAdmitted) {
    present--;
    admitted -= wasAdmitted ? 1 : 0;
    notifyAll();
  }

  /** Lets a request in, or throws 503. */
  synchronized void admit() {
    if (draining) {
      throw ApiException.unavailable("The server is shutting down.", 1);
    }
    if (admitted >= most) {
      throw ApiException.unavailable("The server has " + most + " requests already.", 1);
    }
    admitted++;
  }

  synchronized void drain() {
    draining = true;
  }

  /** Waits until no request that was let in is being answered. */
  synchronized void awaitAdmitted(Duration timeout) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    while (admitted > 0 && end - System.nanoTime() > 0) {
      wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
    }
  }

  /** Waits until no request at all is being answered. */
  synchronized void awaitPresent(Duration timeout) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    while (present > 0 && end - System.nanoTime() > 0) {
      wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
    }
  }
}
