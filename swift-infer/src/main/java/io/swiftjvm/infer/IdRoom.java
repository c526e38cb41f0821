package io.swiftjvm.infer;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Ids that every step tells the device anew, some more or fewer each time: one place on the device and one on the host, so that a
 * step takes no memory for them. For one thread.
 */
final class IdRoom {
  private final Backend backend;
  private final Scope scope;
  private @Nullable Tensor memory;
  private @Nullable Tensor used;
  private int[] values = new int[0];
  private MemorySegment host = MemorySegment.NULL;
  private int count = -1;
  private int moves;

  /** Its memory is the scope's. */
  IdRoom(Backend backend, Scope scope) {
    this.backend = backend;
    this.scope = scope;
  }

  /** Grows whenever the ids get another place on the device. */
  int moves() {
    return moves;
  }

  /** Where the next {@code n} ids are to be put, at its start. */
  int[] values(int n) {
    if (n > values.length || memory == null) {
      int room = Math.max(256, 2 * n);
      memory = scope.tensor(DType.I32, room);
      values = new int[room];
      moves++;
      count = -1;
    }
    if (n != count) {
      count = n;
      used = memory.slice(0, n);
      host = MemorySegment.ofArray(values).asSlice(0, (long) n * Integer.BYTES);
    }
    return values;
  }

  /** The ids on the device; they stay until the next call. */
  Tensor upload() {
    Tensor now = used;
    if (now == null) {
      throw new IllegalStateException("there are no ids");
    }
    backend.upload(host, now);
    return now;
  }
}
