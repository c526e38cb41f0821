package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tuner.method.TunerAdapter;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that an adapter of prompt tuning puts before every text. They go through the model and into the cache like
 * others, under ids behind those of the token table.
 *
 * @param adapter whose tokens they are; null = none
 * @param first their first id, the size of the token table
 */
record TrainedPrompts(@Nullable TunerAdapter adapter, int first) {
  /** The tokens of {@code adapters}, of which at most one may have some. */
  static TrainedPrompts of(CausalLm model, List<String> adapters) {
    int first = Math.toIntExact(model.parameters().getFirst().value().dim(0));
    TunerAdapter found = null;
    for (String name : adapters) {
      if (model.attachments().get(name) instanceof TunerAdapter adapter && adapter.changesPasses()) {
        if (adapter.virtualTokens() == 0) {
          throw new InvalidPlanException("The adapter '" + name + "' (" + adapter.spec().type() + ") looks at a text, or "
              + "puts keys before it, ahead of every pass, which generation does not do. Use prompt tuning, or an adapter "
              + "of another method, to answer.");
        }
        if (found != null) {
          throw new InvalidPlanException("The adapters '" + found.name() + "' and '" + name + "' both put tokens before a "
              + "text. Use one of them.");
        }
        found = adapter;
      }
    }
    return new TrainedPrompts(found, first);
  }

  /** The ids of the tokens. */
  int[] ids() {
    return adapter == null ? new int[0] : IntStream.range(first, first + adapter.virtualTokens()).toArray();
  }

  /** The pass, with the tokens' rows if one of {@code ids} is theirs. */
  Pass on(Pass pass, int[] ids, int[] positions) {
    return adapter == null || Arrays.stream(ids).allMatch(id -> id < first) ? pass
        : adapter.pass(pass, ids, positions, new int[0]);
  }
}
