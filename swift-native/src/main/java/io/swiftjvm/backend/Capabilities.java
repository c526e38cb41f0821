package io.swiftjvm.backend;

import io.swiftjvm.tensor.DType;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a device computes by kernels of its own; the rest it composes or widens, and counts as fallbacks.
 *
 * {@snippet :
 * boolean fast = backend.capabilities().kernels().contains(FusedOp.ATTENTION);
 * }
 *
 * @param kernels fused operations with a kernel; the others are composed from primitives
 * @param weights types that a matrix product takes as they are; the others are widened to float32 for each product
 */
public record Capabilities(Set<FusedOp> kernels, Set<DType> weights) {
  public Capabilities {
    kernels = Set.copyOf(kernels);
    weights = Set.copyOf(weights);
  }

  /** The operations that the backend's class overrides, and products of these types. */
  static Capabilities of(Backend backend, Set<DType> weights) {
    EnumSet<FusedOp> own = EnumSet.noneOf(FusedOp.class);
    for (Method method : backend.getClass().getMethods()) {
      if (!method.isDefault()) {
        Arrays.stream(FusedOp.values()).filter(op -> op.method().equals(method.getName())).forEach(own::add);
      }
    }
    return new Capabilities(own, weights);
  }
}
