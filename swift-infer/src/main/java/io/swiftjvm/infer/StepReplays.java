package io.swiftjvm.infer;

import io.swiftjvm.backend.Recorder;
import io.swiftjvm.backend.Replay;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.error.Closing;
import io.swiftjvm.model.PassInputs;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The recorded passes of one cache, for the steps in which every text goes on by one token. A recording holds the
 * addresses of the cache and of the weights: it is not used any more when the cache has moved or the model was changed, and
 * ends when no text is left.
 */
final class StepReplays implements AutoCloseable {
  /** Recordings at once; one is some megabytes. */
  private static final int KEPT = 16;

  /** What a recording was made of: the texts and adapters of the pass, the cache's memory, the state of the model. */
  record Key(int texts, Object adapters, int moves, int changes) {}

  /** One recorded pass. */
  static final class Recorded implements AutoCloseable {
    private final Recorder recorder;
    private final Scope scope;
    private final Scope room;
    private final PassInputs inputs;
    private final Tensor logits;
    private final BestRoom best;
    private final Replay replay;
    /** True once it has been seen to give the same bits as a pass of the model. */
    boolean proven;

    Recorded(Recorder recorder, Scope scope, Scope room, PassInputs inputs, Tensor logits) {
      this.recorder = recorder;
      this.scope = scope;
      this.room = room;
      this.inputs = inputs;
      this.logits = logits;
      this.best = new BestRoom(room, Math.toIntExact(logits.rows()));
      this.replay = recorder.replay();
    }

    /** Room for the likeliest token of each text. */
    BestRoom best() {
      return best;
    }

    /** The logits (n,V) of these tokens; they stay until the next call. */
    Tensor run(int[] ids, int[] positions, Segments segments) {
      inputs.write(ids, positions);
      replay.run(segments);
      return logits;
    }

    @Override
    public void close() {
      try (recorder; room; scope) {
        replay.close();
      }
    }
  }

  private final Map<Key, Recorded> kept = new LinkedHashMap<>(16, 0.75f, true);
  /** What was asked for last, and what there was: the next step is of the same kind mostly. */
  private @Nullable Key latest;
  private @Nullable Recorded current;

  /** The recording of such a pass, or null. */
  @Nullable Recorded find(int texts, Object adapters, int moves, int changes) {
    Key last = latest;
    if (last == null || last.texts != texts || last.moves != moves || last.changes != changes
        || !last.adapters.equals(adapters)) {
      last = new Key(texts, adapters, moves, changes);
      latest = last;
      current = kept.get(last);
      if (current == null) {
        missing(last);
      }
    }
    return current;
  }

  /** There is none: those of another state are of no use any more. */
  private void missing(Key key) {
    for (Key old : List.copyOf(kept.keySet())) {
      if (old.moves != key.moves || old.changes != key.changes) {
        remove(old);
      }
    }
  }

  void put(Key key, Recorded recorded) {
    if (kept.size() >= KEPT) {
      // The one that was not used for the longest time comes first.
      remove(kept.keySet().iterator().next());
    }
    kept.put(key, recorded);
    latest = null;
  }

  void remove(Key key) {
    latest = null;
    Recorded old = kept.remove(key);
    if (old != null) {
      old.close();
    }
  }

  @Override
  public void close() {
    latest = null;
    current = null;
    try {
      Closing.each(kept.values(), Recorded::close);
    } finally {
      kept.clear();
    }
  }
}
