package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Recurrence;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pass over the same texts as another one: what it caches stands beside that of the other, under layers -1, -2 and so on.
 *
 * @param inner what attention sees
 */
record OwnLayers(AttentionContext inner) implements AttentionContext {
  @Override
  public Tensor attend(
      Ops ops, int layer, Tensor q, Tensor k, Tensor v, AttentionSpec spec, @Nullable Tensor sinks) {
    return inner.attend(ops, -1 - layer, q, k, v, spec, sinks);
  }

  @Override
  public List<Recurrence> recurrences(int key, long size) {
    return inner.recurrences(-1 - key, size);
  }
}
