package io.swiftjvm.tuner.method;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Norms of the weight of a projection. */
final class BaseNorms {
  private BaseNorms() {}

  /** The norm of the weights of every output. */
  static float[] rows(Site site) {
    return norms(site, !site.base().transposed());
  }

  /** The norm of the weights of every input. */
  static float[] columns(Site site) {
    return norms(site, site.base().transposed());
  }

  private static float[] norms(Site site, boolean byRow) {
    Backend backend = site.backend();
    try (Scope scope = new Scope(backend)) {
      Tensor squares = wide(backend, site.base(), scope);
      backend.binary(Binary.MULTIPLY, squares, squares, squares);
      Tensor sums = scope.floats(squares.dim(byRow ? 0 : 1));
      if (byRow) {
        backend.reduceColumns(Reduction.SUM, squares, sums);
      } else {
        backend.sumRows(squares, sums, 0);
      }
      float[] norms = new float[Math.toIntExact(sums.size())];
      backend.download(sums, MemorySegment.ofArray(norms));
      for (int i = 0; i < norms.length; i++) {
        norms[i] = (float) Math.sqrt(norms[i]);
      }
      return norms;
    }
  }

  /** A float32 copy of the weight as it is stored. */
  private static Tensor wide(Backend backend, DenseLinear base, Scope scope) {
    Tensor weight = base.weight().value().detached();
    Tensor copy = scope.floats(weight.shape());
    if (weight.dtype() == DType.F32) {
      backend.copy(weight, copy);
    } else {
      backend.cast(weight, copy);
    }
    return copy;
  }
}
