package io.swiftjvm.infer;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Where the likeliest tokens of some texts are made and read, step by step in the same place. For one thread. */
final class BestRoom {
  private final Tensor ids;
  private final int[] values;
  private final MemorySegment host;

  /** Room for {@code n} texts; its memory is the scope's. */
  BestRoom(Scope scope, int n) {
    ids = scope.tensor(DType.I32, n);
    values = new int[n];
    host = MemorySegment.ofArray(values);
  }

  /** The likeliest token of each row of {@code logits} (n,V), -1 for one that is not finite; others after the next call. */
  int[] of(Backend backend, Tensor logits) {
    backend.argmax(logits, ids);
    ids.read(0, host);
    return values;
  }
}
