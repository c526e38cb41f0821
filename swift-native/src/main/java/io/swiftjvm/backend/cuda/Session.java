package io.swiftjvm.backend.cuda;

import io.swiftjvm.backend.Device;
import io.swiftjvm.error.DeviceException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One device in use: its context, the one stream on which everything is ordered, and what it is. */
final class Session implements AutoCloseable {
  private final Driver driver;
  private final int index;
  private final String name;
  private final int capability;
  private final int multiprocessors;
  private final long context;
  private final long stream;
  private final ThreadLocal<Tiles.@Nullable Book> books = new ThreadLocal<>();
  private final ReentrantLock capturing = new ReentrantLock();
  private volatile long capture;
  private final AtomicBoolean closed = new AtomicBoolean();

  Session(Driver driver, int index) {
    this.driver = driver;
    this.index = index;
    name = driver.name(index);
    capability =
        10 * driver.attribute(index, Driver.CAPABILITY_MAJOR) + driver.attribute(index, Driver.CAPABILITY_MINOR);
    multiprocessors = Math.max(1, driver.attribute(index, Driver.MULTIPROCESSORS));
    context = driver.retainContext(index);
    try {
      driver.enter(context);
      stream = driver.createStream();
    } catch (DeviceException e) {
      driver.releaseContext(index);
      throw e;
    }
  }

  /** The driver, with this device's context current in the calling thread. */
  Driver enter() {
    if (closed.get()) {
      throw new IllegalStateException(device() + " was used after its backend was closed");
    }
    driver.enter(context);
    return driver;
  }

  boolean isClosed() {
    return closed.get();
  }

  /** Where the calling thread's work goes: while it captures, to a stream that keeps it instead of doing it. */
  long stream() {
    return isCapturing() ? capture : stream;
  }

  /** True while what the calling thread launches is kept for later. */
  boolean isCapturing() {
    return capture != 0 && capturing.isHeldByCurrentThread();
  }

  /** Refuses what cannot be kept for later, such as an exchange with the host. */
  void refuseCapture(String what) {
    if (isCapturing()) {
      throw new IllegalStateException(what + " cannot be part of a graph");
    }
  }

  /** What {@code work} launches, as a graph. */
  long capture(Runnable work) {
    capturing.lock();
    try {
      Driver driver = enter();
      long own = driver.createStream();
      try {
        driver.beginCapture(own);
        capture = own;
        RuntimeException failure = null;
        try {
          work.run();
        } catch (RuntimeException e) {
          failure = e;
        }
        capture = 0;
        long graph = driver.endCapture(own, failure == null);
        if (failure != null) {
          throw failure;
        }
        return graph;
      } finally {
        capture = 0;
        driver.destroyStream(own);
      }
    } finally {
      capturing.unlock();
    }
  }

  /** The blocks that attention of the calling thread takes, or null for its own. */
  Tiles.@Nullable Book book() {
    return books.get();
  }

  void withBook(Tiles.Book book, Runnable work) {
    books.set(book);
    try {
      work.run();
    } finally {
      books.remove();
    }
  }

  Device device() {
    return new Device("cuda", index);
  }

  int index() {
    return index;
  }

  String name() {
    return name;
  }

  /** 10 * major + minor: 90 for sm_90. */
  int capability() {
    return capability;
  }

  int multiprocessors() {
    return multiprocessors;
  }

  void synchronize() {
    enter().synchronize(stream);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      driver.destroyStream(stream);
      driver.releaseContext(index);
    }
  }
}
