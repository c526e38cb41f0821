package io.swiftjvm.bench.kernel;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.SplittableRandom;

/** Tensors with random content. */
record Inputs(Backend backend, Scope scope, SplittableRandom random) {
  Tensor floats(long... shape) {
    Tensor t = scope.floats(shape);
    float[] values = new float[Math.toIntExact(t.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt() * 0x1p-32f;
    }
    return scope.floats(values, shape);
  }

  /** Of any type that a product takes. */
  Tensor weights(DType type, long... shape) {
    Tensor wide = floats(shape);
    if (type == DType.F32) {
      return wide;
    }
    Tensor t = scope.tensor(type, shape);
    if (type.isQuantised()) {
      backend.quantize(wide, t);
    } else {
      backend.cast(wide, t);
    }
    return t;
  }
}
