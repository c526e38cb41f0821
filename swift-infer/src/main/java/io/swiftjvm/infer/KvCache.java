package io.swiftjvm.infer;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Recurrence;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of sequences that are being continued: for every layer two float32 tensors (rows, width), and the
 * states of layers that carry one instead. A sequence owns a slot, its rows lie one behind the other in a region that
 * grows as it does. For one thread.
 *
 * {@snippet :
 * try (var cache = new KvCache(backend, 1, config.maxPositions()); var scope = new Scope(backend)) {
 *   int slot = cache.acquire();
 *   var step = cache.step(new int[] {slot}, new int[] {3});
 *   var pass = Pass.of(new Ops(backend, null, scope), step);
 *   Tensor hidden = model.hidden(pass, scope.ints(11, 12, 13), step.positions());
 *   step.commit(); // the next step continues behind these three
 * }
 * }
 */
public final class KvCache implements AutoCloseable {
  /** One layer; its own scope, so that growing needs the old memory of one layer only. */
  private record Layer(Scope scope, Tensor keys, Tensor values) {}

  /** What one part of a layer carries from token to token: (slots,size) as committed and as the running pass has it. */
  private record States(Scope scope, Tensor kept, Tensor next) {}

  private final Backend backend;
  private final int slots;
  private final int limit;
  private final int[] lengths;
  private final BitSet taken = new BitSet();
  private final Map<Integer, Layer> layers = new TreeMap<>();
  private final Map<Integer, States> states = new TreeMap<>();
  private final Regions regions;
  private boolean closed;

  /**
   * An empty cache; memory is taken as steps need it.
   *
   * @param slots sequences at once, 1 or more
   * @param limit most positions of a sequence, the model's {@code max_position_embeddings}
   */
  public KvCache(Backend backend, int slots, int limit) {
    if (slots < 1 || limit < 1) {
      throw new IllegalArgumentException("a cache needs 1 or more slots and positions, got " + slots + ", " + limit);
    }
    this.backend = backend;
    this.slots = slots;
    this.limit = limit;
    this.lengths = new int[slots];
    this.regions = new Regions(slots);
  }

  /** A free slot for a new sequence. */
  public int acquire() {
    int slot = taken.nextClearBit(0);
    if (slot >= slots) {
      throw new IllegalStateException("all " + slots + " slots of the cache are taken");
    }
    taken.set(slot);
    lengths[slot] = 0;
    states.values().forEach(all -> backend.fill(all.kept.slice(slot, 1), 0));
    return slot;
  }

  /** Gives a slot back; its rows are written over by the next sequence. */
  public void release(int slot) {
    taken.clear(slot);
    lengths[slot] = 0;
    regions.free(slot);
  }

  /** Positions of the sequence in {@code slot}. */
  public int length(int slot) {
    return lengths[slot];
  }

  /** Rows of every layer: positions that all sequences together have room for now. */
  public int rows() {
    return regions.rows();
  }

  /** Bytes of keys and values. */
  public long bytes() {
    return layers.values().stream().mapToLong(layer -> layer.keys.bytes() + layer.values.bytes()).sum()
        + states.values().stream().mapToLong(all -> all.kept.bytes() + all.next.bytes()).sum();
  }

  /**
   * What one pass looks at: {@code counts[i]} more tokens of the sequence in {@code sequences[i]}, one behind the
   * other.
   *
   * @throws InvalidPlanException if a sequence would become longer than the model's limit
   */
  public Step step(int[] sequences, int[] counts) {
    for (int i = 0; i < sequences.length; i++) {
      int have = lengths[sequences[i]];
      if (!taken.get(sequences[i]) || counts[i] < 1) {
        throw new IllegalArgumentException("slot " + sequences[i] + " is not taken or gets " + counts[i] + " tokens");
      }
      if (counts[i] > limit - have) {
        throw new InvalidPlanException("A sequence of " + have + " tokens cannot take " + counts[i]
            + " more: the model has " + limit + " positions. Shorten the prompt or lower maxTokens.");
      }
    }
    for (int i = 0; i < sequences.length; i++) {
      makeRoom(sequences[i], lengths[sequences[i]] + counts[i]);
    }
    return new Step(sequences.clone(), counts.clone());
  }

  private void makeRoom(int slot, int wanted) {
    if (regions.fits(slot, wanted)) {
      return;
    }
    int[] before = regions.starts();
    if (regions.place(slot, wanted, limit)) {
      if (regions.start(slot) != before[slot] && lengths[slot] > 0) {
        layers.values().forEach(layer -> move(slot, layer, before[slot], layer));
      }
      return;
    }
    regions.relay(slot, wanted, limit);
    for (Map.Entry<Integer, Layer> entry : layers.entrySet()) {
      Layer from = entry.getValue();
      Layer to = layer(from.keys.columns(), from.values.columns());
      for (int i = 0; i < slots; i++) {
        if (lengths[i] > 0) {
          move(i, from, before[i], to);
        }
      }
      entry.setValue(to);
      from.scope.close();
    }
  }

  /** Copies the rows of a slot to where they lie now. */
  private void move(int slot, Layer from, int before, Layer to) {
    copy(from.keys, before, to.keys, regions.start(slot), lengths[slot]);
    copy(from.values, before, to.values, regions.start(slot), lengths[slot]);
  }

  private Layer layer(long keyWidth, long valueWidth) {
    Scope scope = new Scope(backend);
    try {
      int rows = regions.rows();
      return new Layer(scope, scope.floats(rows, keyWidth), scope.floats(rows, valueWidth));
    } catch (RuntimeException | OutOfMemoryError e) {
      scope.close();
      throw e;
    }
  }

  private States states(long size) {
    Scope scope = new Scope(backend);
    try {
      Tensor kept = scope.floats(slots, size);
      backend.fill(kept, 0);
      return new States(scope, kept, scope.floats(slots, size));
    } catch (RuntimeException | OutOfMemoryError e) {
      scope.close();
      throw e;
    }
  }

  private void copy(Tensor from, long fromRow, Tensor to, long toRow, int rows) {
    backend.copy(from.slice(fromRow, rows), to.slice(toRow, rows));
  }

  /** Gives the memory back. Closing twice is harmless. */
  @Override
  public void close() {
    closed = true;
    layers.values().forEach(layer -> layer.scope.close());
    layers.clear();
    states.values().forEach(all -> all.scope.close());
    states.clear();
  }

  /** The tokens of one pass and the sequences they continue. */
  public final class Step implements AttentionContext {
    private final int[] sequences;
    private final Segments segments;

    private Step(int[] sequences, int[] counts) {
      int n = sequences.length;
      int[] starts = new int[n];
      int[] keyStarts = new int[n];
      int[] keys = new int[n];
      for (int i = 0; i < n; i++) {
        starts[i] = i == 0 ? 0 : starts[i - 1] + counts[i - 1];
        keyStarts[i] = regions.start(sequences[i]);
        keys[i] = lengths[sequences[i]] + counts[i];
      }
      this.sequences = sequences;
      this.segments = new Segments(starts, counts, keyStarts, keys);
    }

    /** The position of every token of the pass in its sequence. */
    public int[] positions() {
      int[] positions = new int[Arrays.stream(segments.qLength()).sum()];
      for (int s = 0; s < sequences.length; s++) {
        int count = segments.qLength()[s];
        for (int t = 0; t < count; t++) {
          positions[segments.qStart()[s] + t] = segments.kLength()[s] - count + t;
        }
      }
      return positions;
    }

    /** Index in the pass of the last token of sequence {@code index}. */
    public int lastRow(int index) {
      return segments.qStart()[index] + segments.qLength()[index] - 1;
    }

    @Override
    public Tensor attend(
        Ops ops, int layer, Tensor q, Tensor k, Tensor v, AttentionSpec spec, @Nullable Tensor sinks) {
      if (closed || ops.recording()) {
        throw new IllegalStateException(closed ? "the cache is closed" : "a KV cache cannot be differentiated");
      }
      long n = q.dim(0);
      Tensor newKeys = k.view(n, k.size() / n);
      Tensor newValues = v.view(n, v.size() / n);
      Layer cached =
          layers.computeIfAbsent(layer, i -> layer(newKeys.columns(), newValues.columns()));
      for (int s = 0; s < sequences.length; s++) {
        int count = segments.qLength()[s];
        int row = segments.kStart()[s] + segments.kLength()[s] - count;
        copy(newKeys, segments.qStart()[s], cached.keys, row, count);
        copy(newValues, segments.qStart()[s], cached.values, row, count);
      }
      return ops.attention(q, cached.keys, cached.values, spec, segments, sinks);
    }

    @Override
    public List<Recurrence> recurrences(int key, long size) {
      if (closed) {
        throw new IllegalStateException("the cache is closed");
      }
      States all = states.computeIfAbsent(key, k -> states(size));
      List<Recurrence> runs = new ArrayList<>();
      for (int s = 0; s < sequences.length; s++) {
        runs.add(new Recurrence(segments.qStart()[s], segments.qLength()[s], all.kept.slice(sequences[s], 1),
            all.next.slice(sequences[s], 1)));
      }
      return runs;
    }

    /** Keeps the tokens of the pass: the next step comes behind them. Without it they are written over. */
    public void commit() {
      for (int s = 0; s < sequences.length; s++) {
        int slot = sequences[s];
        lengths[slot] = segments.kLength()[s];
        states.values().forEach(all -> backend.copy(all.next.slice(slot, 1), all.kept.slice(slot, 1)));
      }
    }
  }
}
