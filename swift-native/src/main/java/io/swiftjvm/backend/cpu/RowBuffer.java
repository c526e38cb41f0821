package io.swiftjvm.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Memory for the rows of a shared product, kept for the next one: fresh pages would cost more than laying them out. */
final class RowBuffer {
  /**
   * 16 MiB, half as much again where floats are laid out in parts (split.h), and of many rows one block of columns: a share of
   * the last cache, and much more work than it costs the threads to meet.
   */
  private static final long FLOATS = 4L << 20;

  private final AtomicReference<@Nullable MemorySegment> kept = new AtomicReference<>();

  /** How many columns of m rows are laid out at a time. */
  static long columns(long m) {
    return Math.max(1, FLOATS / m / Kernels.DEPTH) * Kernels.DEPTH;
  }

  /** At least so many floats, for one product. */
  MemorySegment take(long floats) {
    MemorySegment found = kept.getAndSet(null);
    long bytes = Math.multiplyExact(floats, (long) Float.BYTES);
    return found != null && found.byteSize() >= bytes ? found : Arena.ofAuto().allocate(bytes, 64);
  }

  void give(MemorySegment rows) {
    kept.set(rows);
  }
}
