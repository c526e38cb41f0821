package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Recurrence;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Texts with a cache, of which some tokens stand for the places of trained keys and values: those go into the cache in the
 * place of what the model makes of these tokens. What the model answers behind them is of no use.
 */
final class CachedPrefix implements AttentionContext {
  private final AttentionContext inner;
  private final int[] ids;
  private final int first;
  private final List<Tensor> prefixes;

  /**
   * Ids from {@code first} on are places in order.
   *
   * @param rows (places, layers * 2 * width): for each layer the keys, then the values
   */
  CachedPrefix(Ops ops, AttentionContext inner, Tensor rows, int layers, int first, int... ids) {
    this.inner = inner;
    this.ids = ids.clone();
    this.first = first;
    prefixes = PrefixContext.split(ops, rows, layers);
  }

  @Override
  public Tensor attend(
      Ops ops, int layer, Tensor q, Tensor k, Tensor v, AttentionSpec spec, @Nullable Tensor sinks) {
    place(ops, prefixes.get(2 * layer), k);
    place(ops, prefixes.get(2 * layer + 1), v);
    return inner.attend(ops, layer, q, k, v, spec, sinks);
  }

  private void place(Ops ops, Tensor prefix, Tensor own) {
    ops.overwritten(own);
    Tensor flat = own.view(own.dim(0), own.size() / own.dim(0));
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] >= first) {
        ops.backend().copy(prefix.slice(ids[i] - first, 1), flat.slice(i, 1));
      }
    }
  }

  @Override
  public List<Recurrence> recurrences(int key, long size) {
    throw new IllegalStateException("a model with recurrences was given a prefix of keys");
  }
}
