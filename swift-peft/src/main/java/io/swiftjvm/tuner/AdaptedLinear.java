package io.swiftjvm.tuner;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.util.List;

/** A projection with adapters around another one; which are active is the pass's choice. */
public interface AdaptedLinear extends Linear {
  /** The projection under these adapters, which may be adapted itself. */
  Linear inner();

  /** The same adapters around another projection of the same shape. */
  AdaptedLinear around(Linear other);

  /** Names of the adapters here, those of {@link #inner()} aside. */
  List<String> adapters();

  /** Writes the weight with the adapters called {@code names} in it, float32, stored as the base's is. */
  void merge(Backend backend, List<String> names, Tensor out);

  /** Like {@link #merge} for the bias of the base. */
  default void mergeBias(Backend backend, List<String> names, Tensor out) {
    startBias(backend, names, out);
  }

  /** What {@link #merge} starts from: the weight as {@link #inner()} has it. */
  default void start(Backend backend, List<String> names, Tensor out) {
    if (inner() instanceof AdaptedLinear adapted) {
      adapted.merge(backend, names, out);
    } else {
      widen(backend, base().weight(), out);
    }
  }

  /** What {@link #mergeBias} starts from. */
  default void startBias(Backend backend, List<String> names, Tensor out) {
    Parameter bias = base().bias();
    if (inner() instanceof AdaptedLinear adapted) {
      adapted.mergeBias(backend, names, out);
    } else if (bias != null) {
      widen(backend, bias, out);
    }
  }

  @Override
  default long inFeatures() {
    return inner().inFeatures();
  }

  @Override
  default long outFeatures() {
    return inner().outFeatures();
  }

  @Override
  default DenseLinear base() {
    return inner().base();
  }

  /** True if one of {@code names} is here or further in. */
  default boolean hasAny(List<String> names) {
    return adapters().stream().anyMatch(names::contains)
        || (inner() instanceof AdaptedLinear adapted && adapted.hasAny(names));
  }

  private static void widen(Backend backend, Parameter from, Tensor out) {
    if (from.value().dtype() == DType.F32) {
      backend.copy(from.value().detached(), out);
    } else {
      backend.cast(from.value(), out);
    }
  }
}
