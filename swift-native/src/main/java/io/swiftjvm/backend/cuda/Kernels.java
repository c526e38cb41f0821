package io.swiftjvm.backend.cuda;

import io.swiftjvm.error.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The kernels of {@code src/main/cuda}, loaded into a device. */
final class Kernels implements AutoCloseable {
  /** Dynamic shared memory above this has to be asked for. */
  private static final int SHARED = 48 << 10;

  private final Session session;
  private final long module;
  private final String source;
  private final Map<String, Long> functions = new ConcurrentHashMap<>();
  private final ThreadLocal<Launch> launches;

  Kernels(Session session, DeviceMemory memory) {
    this.session = session;
    Driver driver = session.enter();
    launches = ThreadLocal.withInitial(() -> new Launch(session, memory, driver));
    Loaded loaded = load(driver);
    module = loaded.module;
    source = loaded.source;
  }

  private record Loaded(long module, String source) {}

  private Loaded load(Driver driver) {
    byte[] image = KernelSources.fatbin();
    DeviceException refused = null;
    if (image != null) {
      try {
        return new Loaded(load(driver, image), "built kernels");
      } catch (DeviceException e) {
        refused = e;
      }
    }
    try {
      byte[] ptx = Nvrtc.compile(KernelSources.text(), session.capability());
      return new Loaded(load(driver, ptx), "kernels compiled by NVRTC");
    } catch (DeviceException e) {
      if (refused == null) {
        throw e;
      }
      e.addSuppressed(refused);
      throw new DeviceException("The built kernels do not load on " + session.device() + " (" + refused.getMessage()
          + ") and cannot be compiled here either: " + e.getMessage(), e);
    }
  }

  private static long load(Driver driver, byte[] image) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate(image.length, 16);
      MemorySegment.copy(image, 0, copy, ValueLayout.JAVA_BYTE, 0, image.length);
      return driver.loadModule(copy);
    }
  }

  /** Where they came from. */
  String source() {
    return source;
  }

  boolean has(String name) {
    return function(name) != 0;
  }

  private long function(String name) {
    Long found = functions.get(name);
    if (found == null) {
      found = session.enter().function(module, name);
      functions.put(name, found);
    }
    return found;
  }

  /** A launch to be given its arguments. */
  Launch start(String name) {
    long function = function(name);
    if (function == 0) {
      throw new DeviceException("The " + source + " have no " + name + ": they are of another version of the library.");
    }
    return launches.get().start(name, function);
  }

  /** The same with so much dynamic shared memory. */
  Launch start(String name, int shared) {
    if (shared > SHARED) {
      session.enter().allowShared(function(name), shared);
    }
    return start(name);
  }

  @Override
  public void close() {
    try {
      session.enter().unloadModule(module);
    } catch (DeviceException e) {
      // A lost context has given it back.
    }
  }
}
