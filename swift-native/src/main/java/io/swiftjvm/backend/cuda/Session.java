package io.swiftjvm.backend.cuda;

import io.swiftjvm.backend.Device;
import io.swiftjvm.error.DeviceException;
import java.util.concurrent.atomic.AtomicBoolean;

/** One device in use: its context, the one stream on which everything is ordered, and what it is. */
final class Session implements AutoCloseable {
  private final Driver driver;
  private final int index;
  private final String name;
  private final int capability;
  private final int multiprocessors;
  private final long context;
  private final long stream;
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

  long stream() {
    return stream;
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
