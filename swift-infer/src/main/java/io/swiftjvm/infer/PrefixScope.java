package io.swiftjvm.infer;

import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tuner.LoraAdapter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What must agree, beside the tokens, for keys and values to be the same.
 *
 * @param adapters their names, in order
 * @param weights which ones were attached under these names
 * @param salt of the request
 */
record PrefixScope(List<String> adapters, List<Identity> weights, @Nullable String salt) {
  /** Equal to itself only. */
  record Identity(Object of) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Identity that && that.of == of;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(of);
    }
  }

  static PrefixScope of(CausalLm model, List<String> adapters, @Nullable String salt) {
    List<Identity> weights = new ArrayList<>();
    for (String name : adapters) {
      LoraAdapter adapter = LoraAdapter.find(model, name);
      if (adapter != null) {
        weights.add(new Identity(adapter.parameters().getFirst()));
      }
    }
    return new PrefixScope(adapters, weights, salt);
  }
}
