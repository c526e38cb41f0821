package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Gradients by the memory they belong to, so that a view of a tensor shares its gradient. Adding to one that exists
 * sums in place: micro-batches accumulate by running several backward passes into the same object.
 */
public final class Gradients implements AutoCloseable {
  private final Backend backend;
  private final Map<Storage, Map<Long, Tensor>> byStorage = new IdentityHashMap<>();

  public Gradients(Backend backend) {
    this.backend = backend;
  }

  /** The gradient of {@code tensor}, or null if none has arrived. */
  public @Nullable Tensor get(Tensor tensor) {
    Map<Long, Tensor> at = byStorage.get(tensor.storage());
    Tensor gradient = at == null ? null : at.get(tensor.offset());
    return gradient == null ? null : gradient.view(tensor.shape());
  }

  /** The gradient of {@code tensor}, made of zeros if none has arrived: for kernels that add to it. */
  public Tensor getOrZero(Tensor tensor) {
    Tensor gradient = get(tensor);
    if (gradient == null) {
      Storage storage = backend.allocate(Math.multiplyExact(tensor.size(), Float.BYTES));
      gradient = Tensor.of(storage, DType.F32, tensor.shape());
      backend.fill(gradient, 0);
      put(tensor, gradient);
    }
    return gradient;
  }

  /** Adds {@code gradient} and takes it over: the caller must not write to it or add it a second time. */
  public void add(Tensor tensor, Tensor gradient) {
    Tensor sum = get(tensor);
    if (sum == null) {
      // Nobody else holds it once its scope closes, so the first gradient is taken over instead of copied.
      gradient.storage().retain();
      put(tensor, gradient);
    } else {
      backend.axpy(1, gradient, sum);
    }
  }

  /** Adds a copy of {@code gradient}, for one that goes to several tensors. */
  public void addCopy(Tensor tensor, Tensor gradient) {
    if (get(tensor) == null) {
      backend.copy(gradient, getOrZero(tensor));
    } else {
      add(tensor, gradient);
    }
  }

  /** Removes and releases the gradient of {@code tensor}. */
  public void drop(Tensor tensor) {
    Map<Long, Tensor> at = byStorage.get(tensor.storage());
    if (at != null) {
      Tensor gradient = at.remove(tensor.offset());
      if (at.isEmpty()) {
        byStorage.remove(tensor.storage());
      }
      if (gradient != null) {
        gradient.storage().release();
      }
    }
  }

  /** Moves the gradient of {@code tensor} into {@code scope}; null if none has arrived. */
  @Nullable Tensor take(Tensor tensor, Scope scope) {
    Tensor gradient = get(tensor);
    if (gradient != null) {
      gradient.storage().retain();
      scope.adopt(gradient.storage());
      drop(tensor);
    }
    return gradient;
  }

  private void put(Tensor tensor, Tensor gradient) {
    byStorage.computeIfAbsent(tensor.storage(), s -> new HashMap<>()).put(tensor.offset(), gradient);
  }

  /** Forgets and releases all gradients. */
  public void clear() {
    byStorage.values().forEach(m -> m.values().forEach(g -> g.storage().release()));
    byStorage.clear();
  }

  @Override
  public void close() {
    clear();
  }
}
