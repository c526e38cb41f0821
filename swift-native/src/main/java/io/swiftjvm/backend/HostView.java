package io.swiftjvm.backend;

import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The bytes of a tensor for writing to a file: the tensor's own memory on the host, a copy from anywhere else. */
public final class HostView {
  private HostView() {}

  /** True if a tensor's own memory is the view. */
  public static boolean direct(Backend backend) {
    return backend.device().equals(Device.CPU);
  }

  /** A segment that is valid while tensor and arena are. */
  public static MemorySegment of(Backend backend, Tensor tensor, Arena arena) {
    if (direct(backend)) {
      return tensor.segment();
    }
    MemorySegment copy = arena.allocate(tensor.bytes(), 64);
    backend.download(tensor, copy);
    return copy;
  }
}
