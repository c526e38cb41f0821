package io.swiftjvm.infer;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Recorder;
import io.swiftjvm.error.MemoryException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.PassInputs;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Passes in which every text goes on by one token. The first of a shape is recorded and the next ones are that recording done
 * again, without the model's code; where the host looks at values on the way, as experts make it, all are passes of the
 * model. A family may do something that a recorder does not see: so once for each shape both ways are taken and must give
 * the same bits.
 */
final class Spoken {
  /** Passes that do the same operations. */
  private record Shape(int texts, Object adapters) {}

  /** What is wanted of a pass. */
  @FunctionalInterface
  interface Answer<T> {
    /**
     * Takes it.
     *
     * @param logits (n,V), which stay for the time of the call
     * @param room for the likeliest tokens, or null if there is none yet
     */
    T of(Tensor logits, @Nullable BestRoom room);
  }

  private final CausalLm model;
  /** Whether the passes of a shape can be done again, as far as that is known. */
  private final Map<Shape, Boolean> repeatable = new HashMap<>();
  private int changes;

  Spoken(CausalLm model) {
    this.model = model;
  }

  /** Modules are going to be others. */
  void modelChanges() {
    changes++;
    repeatable.clear();
  }

  /**
   * One pass.
   *
   * @param ids the next token of each text
   */
  <T> T run(KvCache cache, List<String> adapters, KvCache.Step step, int[] ids, Answer<T> answer) {
    Object attached = adapters.isEmpty() ? List.of() : List.of(adapters,
        model.attachments().entrySet().stream().filter(e -> adapters.contains(e.getKey())).toList());
    StepReplays.Recorded recorded = cache.replays().find(ids.length, attached, cache.moves(), changes);
    if (recorded != null && recorded.proven) {
      return answer.of(again(recorded, step, ids), recorded.best());
    }
    Shape shape = new Shape(ids.length, attached);
    StepReplays.Key key = new StepReplays.Key(ids.length, attached, cache.moves(), changes);
    if (recorded == null && !Boolean.FALSE.equals(repeatable.get(shape))) {
      try {
        return record(cache, key, shape, adapters, step, ids, answer);
      } catch (MemoryException e) {
        // A pass that is not kept needs less.
        repeatable.put(shape, false);
      }
    }
    try (Scope scope = new Scope(model.backend())) {
      PassInputs inputs = model.inputs(scope, ids, step.positions());
      Tensor logits = logits(model.backend(), scope, adapters, step, inputs);
      if (recorded != null) {
        recorded.proven = Arrays.equals(logits.toFloats(), again(recorded, step, ids).toFloats());
        repeatable.put(shape, recorded.proven);
        if (!recorded.proven) {
          cache.replays().remove(key);
          model.backend().fallbacks().other("decoding steps done again", "the logits are not those of the model's code");
        }
      }
      return answer.of(logits, null);
    }
  }

  private Tensor again(StepReplays.Recorded recorded, KvCache.Step step, int[] ids) {
    try (CausalLm.Use _ = model.use()) {
      return recorded.run(ids, step.positions(), step.replayed());
    }
  }

  private Tensor logits(Backend backend, Scope scope, List<String> adapters, KvCache.Step step, PassInputs inputs) {
    Pass pass = Pass.of(new Ops(backend, null, scope), step).adapters(adapters);
    return model.logits(pass, model.hidden(pass, inputs));
  }

  private <T> T record(
      KvCache cache, StepReplays.Key key, Shape shape, List<String> adapters, KvCache.Step step, int[] ids,
      Answer<T> answer) {
    Recorder recorder = new Recorder(model.backend(), step.segments());
    Scope scope = new Scope(recorder);
    Scope room = new Scope(model.backend());
    boolean kept = false;
    try {
      PassInputs inputs = model.inputs(room, ids, step.positions());
      Tensor logits = logits(recorder, scope, adapters, step, inputs);
      T result = answer.of(logits, null);
      if (recorder.obstacle() != null) {
        repeatable.put(shape, false);
      } else {
        StepReplays.Recorded recorded = new StepReplays.Recorded(recorder, scope, room, inputs, logits);
        recorded.proven = Boolean.TRUE.equals(repeatable.get(shape));
        cache.replays().put(key, recorded);
        kept = true;
      }
      return result;
    } finally {
      if (!kept) {
        try (recorder; room) {
          scope.close();
        }
      }
    }
  }
}
