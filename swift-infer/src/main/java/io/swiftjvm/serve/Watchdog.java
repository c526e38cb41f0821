package io.swiftjvm.serve;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Deadlines for threads that read from clients or write to them. A thread that is late is interrupted, which closes the
 * channel that it waits for.
 */
final class Watchdog implements AutoCloseable {
  private static final long ROUND_MILLIS = 50;

  private final Set<Guard> guards = ConcurrentHashMap.newKeySet();
  private final Thread thread;

  Watchdog() {
    thread = Thread.ofPlatform().daemon().name("swift-watchdog").start(this::rounds);
  }

  /** A guard of the calling thread. */
  Guard guard() {
    Guard guard = new Guard(Thread.currentThread());
    guards.add(guard);
    return guard;
  }

  private void rounds() {
    while (!Thread.currentThread().isInterrupted()) {
      guards.forEach(Guard::look);
      try {
        Thread.sleep(ROUND_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  /** Something that reads or writes. */
  @FunctionalInterface
  interface Action {
    int run() throws IOException;
  }

  /** The deadline of one thread. */
  final class Guard implements AutoCloseable {
    private final Thread guarded;
    private boolean armed;
    private boolean fired;
    private long end;

    private Guard(Thread guarded) {
      this.guarded = guarded;
    }

    synchronized void arm(Duration time) {
      end = System.nanoTime() + time.toNanos();
      armed = true;
    }

    /** Takes the deadline back; true if it has passed. The thread's interrupt, if it was ours, is gone then. */
    synchronized boolean disarm() {
      armed = false;
      boolean late = fired;
      fired = false;
      if (late) {
        Thread.interrupted();
      }
      return late;
    }

    /** Runs {@code action}, which fails if it is not done by then. */
    int within(Duration time, Action action) throws IOException {
      arm(time);
      int result;
      boolean late;
      try {
        result = action.run();
      } finally {
        late = disarm();
      }
      if (late) {
        throw new SocketTimeoutException("the client was too slow");
      }
      return result;
    }

    private synchronized void look() {
      if (armed && end - System.nanoTime() < 0) {
        armed = false;
        fired = true;
        guarded.interrupt();
      }
    }

    @Override
    public void close() {
      guards.remove(this);
      disarm();
    }
  }
}
