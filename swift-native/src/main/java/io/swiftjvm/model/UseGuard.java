package io.swiftjvm.model;

import java.util.concurrent.locks.ReentrantReadWriteLock;

/** Lets many threads use a thing at once and one close it when none does; cheap enough for every call. */
final class UseGuard {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final String what;
  private boolean closed;

  UseGuard(String what) {
    this.what = what;
  }

  /** Keeps the thing open until the result is closed, in the same thread; {@link IllegalStateException} after close. */
  CausalLm.Use enter() {
    lock.readLock().lock();
    if (closed) {
      lock.readLock().unlock();
      throw new IllegalStateException(what + " was used after it was closed");
    }
    return lock.readLock()::unlock;
  }

  /** Waits for all users, then runs {@code free}, once. */
  void close(Runnable free) {
    if (lock.getReadHoldCount() > 0) {
      throw new IllegalStateException(what + " cannot be closed by a thread in the middle of using it");
    }
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        free.run();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
