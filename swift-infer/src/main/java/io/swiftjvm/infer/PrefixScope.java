package io.swiftjvm.infer;

import io.swiftjvm.model.Attachment;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tuner.Adapters;
import io.swiftjvm.tuner.AttachedAdapter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What must agree, beside the tokens, for keys and values to be the same.
 *
 * @param adapters their names, in order
 * @param weights which ones were attached under these names, and which changed the model itself
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
      weights.add(new Identity(Adapters.of(model, name).parameters().getFirst()));
    }
    for (Attachment attachment : model.attachments().values()) {
      if (attachment instanceof AttachedAdapter adapter && adapter.changesBase()) {
        weights.add(new Identity(adapter));
      }
    }
    return new PrefixScope(adapters, weights, salt);
  }
}
