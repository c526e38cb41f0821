package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tuner.method.TunerAdapter;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The adapter that changes passes, and the places that it takes before every text: those of trained tokens, or of trained
 * keys and values. They go through the model and into the cache like tokens, under ids behind those of the token table.
 *
 * @param adapter whose places they are; null = none
 * @param first their first id, the size of the token table
 */
record TrainedPrompts(@Nullable TunerAdapter adapter, int first) {
  private static final TrainedPrompts NONE = new TrainedPrompts(null, 0);

  /** What {@code adapters} put before a text; at most one of them may change passes. */
  static TrainedPrompts of(CausalLm model, List<String> adapters) {
    TunerAdapter found = null;
    for (String name : adapters) {
      if (model.attachments().get(name) instanceof TunerAdapter adapter && adapter.changesPasses()) {
        if (found != null) {
          throw new InvalidPlanException("The adapters '" + found.name() + "' and '" + name + "' both put something before a "
              + "text or look at it first. Use one of them.");
        }
        found = adapter;
      }
    }
    return found == null ? NONE : new TrainedPrompts(found, model.tokenRows());
  }

  /** The ids of the places. */
  int[] ids() {
    return adapter == null ? new int[0] : IntStream.range(first, first + adapter.offset()).toArray();
  }

  /** The pass as the adapter needs it. */
  Pass on(Pass pass, int[] ids, int[] positions) {
    return adapter == null ? pass : adapter.continued(pass, ids, positions, first);
  }
}
