package io.swiftjvm.backend;

import io.swiftjvm.tensor.Storage;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * The cpu as if it were an accelerator: its memory can be reached by its own operations and by transfers, and throws
 * when anything else looks at it.
 */
public final class RemoteBackend implements InvocationHandler {
  private final Backend cpu;
  private final Fallbacks fallbacks = new Fallbacks(text -> {});
  /** How many operations are under way on this thread: memory is open while one is. */
  private final ThreadLocal<int[]> inside = ThreadLocal.withInitial(() -> new int[1]);

  private RemoteBackend(Backend cpu) {
    this.cpu = cpu;
  }

  /** Closing it closes {@code cpu}. */
  public static Backend over(Backend cpu) {
    return (Backend) Proxy.newProxyInstance(
        RemoteBackend.class.getClassLoader(), new Class<?>[] {Backend.class}, new RemoteBackend(cpu));
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] args) throws Throwable {
    switch (method.getName()) {
      case "device":
        return new Device("remote", 0);
      case "description":
        return "remote " + cpu.description();
      case "fallbacks":
        return fallbacks;
      case "allocate":
        return new Far(cpu.allocate((Long) args[0]));
      case "replay":
        // operations are asked of this one again
        return InvocationHandler.invokeDefault(proxy, method, args);
      default:
    }
    int[] depth = inside.get();
    depth[0]++;
    try {
      return method.invoke(cpu, args);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    } finally {
      depth[0]--;
    }
  }

  private final class Far extends Storage {
    private final Storage near;

    Far(Storage near) {
      this.near = near;
    }

    @Override
    public long bytes() {
      return near.bytes();
    }

    @Override
    protected MemorySegment memory() {
      if (inside.get()[0] == 0) {
        throw new UnsupportedOperationException("this memory is on a device; use read, write, upload or download");
      }
      return near.host();
    }

    @Override
    protected void read(long offset, MemorySegment target) {
      target.copyFrom(near.host().asSlice(offset, target.byteSize()));
    }

    @Override
    protected void write(MemorySegment source, long offset) {
      near.host().asSlice(offset, source.byteSize()).copyFrom(source);
    }

    @Override
    protected void free() {
      near.release();
    }
  }
}
