package io.swiftjvm.langchain4j;

import java.util.concurrent.Flow;

/** What a subscriber asked for and has not got yet. */
final class Demand implements Flow.Subscription {
  private long wanted;
  private boolean illegal;
  private volatile boolean cancelled;

  @Override
  public synchronized void request(long n) {
    illegal |= n <= 0;
    wanted = wanted + Math.max(0, n) < 0 ? Long.MAX_VALUE : wanted + Math.max(0, n);
    notifyAll();
  }

  @Override
  public synchronized void cancel() {
    cancelled = true;
    notifyAll();
  }

  boolean cancelled() {
    return cancelled;
  }

  /** Throws if the subscriber asked for less than one, as the rules of reactive streams say (3.9). */
  synchronized void check() {
    if (illegal) {
      throw new IllegalArgumentException("a subscriber must request one event or more");
    }
  }

  /** Waits until one more is asked for; false if none will be. */
  synchronized boolean take() {
    try {
      while (wanted == 0 && !cancelled && !illegal) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    check();
    if (cancelled) {
      return false;
    }
    wanted -= wanted == Long.MAX_VALUE ? 0 : 1;
    return true;
  }
}
