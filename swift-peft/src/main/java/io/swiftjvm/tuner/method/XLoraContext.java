package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Recurrence;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Carries the weights of a pass to the projections, through whatever runs a block again.
 *
 * @param inner what attention sees
 * @param weights (n, projections * adapters)
 */
record XLoraContext(AttentionContext inner, Tensor weights) implements AttentionContext {
  @Override
  public Tensor attend(
      Ops ops, int layer, Tensor q, Tensor k, Tensor v, AttentionSpec spec, @Nullable Tensor sinks) {
    return inner.attend(ops, layer, q, k, v, spec, sinks);
  }

  @Override
  public List<Recurrence> recurrences(int key, long size) {
    return inner.recurrences(key, size);
  }
}
