package io.swiftjvm.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.swiftjvm.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The arguments of one launch; one object a thread, used again, so that a launch allocates nothing. */
final class Launch {
  private final Session session;
  private final DeviceMemory memory;
  private final Driver.Frame frame;
  private String name = "";
  private long function;
  private int count;

  Launch(Session session, DeviceMemory memory, Driver driver) {
    this.session = session;
    this.memory = memory;
    this.frame = driver.frame();
  }

  Launch start(String kernel, long handle) {
    name = kernel;
    function = handle;
    count = 0;
    return this;
  }

  /** A tensor's address, null if there is none. */
  Launch of(@Nullable Tensor t) {
    return of(t == null ? 0 : memory.address(t));
  }

  Launch of(long value) {
    frame.values.set(JAVA_LONG, 8L * count++, value);
    return this;
  }

  Launch of(int value) {
    frame.values.set(JAVA_INT, 8L * count++, value);
    return this;
  }

  Launch of(boolean value) {
    return of(value ? 1 : 0);
  }

  Launch of(float value) {
    frame.values.set(JAVA_FLOAT, 8L * count++, value);
    return this;
  }

  /** One thread an element, or as many as keep the device busy. */
  void elements(long n) {
    if (n > 0) {
      long blocks = Math.min(Math.ceilDiv(n, 256L), 16L * session.multiprocessors());
      of(n).run(blocks, 1, 1, 256, 0);
    }
  }

  /** One block a row; more threads for longer rows. */
  void rows(long rows, long columns) {
    if (rows > 0) {
      run(rows, 1, 1, columns <= 128 ? 32 : columns <= 1024 ? 128 : 256, 0);
    }
  }

  void run(long x, long y, long z, int threads, int shared) {
    Driver driver = session.enter();
    int code = driver.launch(function, Math.toIntExact(x), Math.toIntExact(y), Math.toIntExact(z), threads, shared,
        session.stream(), frame.pointers);
    if (code != Driver.SUCCESS) {
      throw driver.failure(code, "launching " + name);
    }
  }
}
