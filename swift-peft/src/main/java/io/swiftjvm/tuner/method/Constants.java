package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Constants that methods compute with. */
final class Constants {
  private Constants() {}

  /** Identities (k,k) or (count,k,k). */
  static Tensor identity(Ops ops, long... shape) {
    int k = Math.toIntExact(shape[shape.length - 1]);
    Tensor identity = ops.floats(shape);
    float[] values = new float[Math.toIntExact(identity.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = i / k % k == i % k ? 1 : 0;
    }
    ops.backend().upload(MemorySegment.ofArray(values), identity);
    return identity;
  }
}
