package io.swiftjvm.infer;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Recurrence;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.error.Closing;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of sequences that are being continued, in blocks of {@link #BLOCK} tokens (PagedAttention, arXiv
 * 2309.06180): for every layer two tensors (rows, width), float32 or 8 bits, and the states of layers that carry one
 * instead. A sequence owns a slot and, by a table, blocks; several may share full ones. Memory grows with the blocks in
 * use. For one thread.
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
  /** Tokens of a block. */
  public static final int BLOCK = 16;

  /** One layer; its own scope, so that growing needs the old memory of one layer only. */
  private record Layer(Scope scope, Tensor keys, Tensor values) {}

  /** What one part of a layer carries from token to token: (slots,size) as committed and as the running pass has it. */
  private record States(Scope scope, Tensor kept, Tensor next) {}

  private final Backend backend;
  private final int slots;
  private final int limit;
  private final DType type;
  private final int[] lengths;
  private final int[][] tables;
  private final int[] counts;
  private final BitSet taken = new BitSet();
  private final Map<Integer, Layer> layers = new TreeMap<>();
  private final Map<Integer, States> states = new TreeMap<>();
  private final PrefixIndex prefixes = new PrefixIndex();
  private final BlockPool pool;
  private final Scope tableScope;
  private final StepReplays replays = new StepReplays();
  private final IdRoom tableRoom;
  private final IdRoom rowRoom;
  private int capacity;
  private int moves;
  /** Used again by a step of the same shape, for a token shall cost little of the heap. */
  private @Nullable Step last;
  private boolean closed;

  /** {@link #KvCache(Backend, int, int, int, DType)} of float32 with as many blocks as there can be use for. */
  public KvCache(Backend backend, int slots, int limit) {
    this(backend, slots, limit, most(slots, limit), DType.F32);
  }

  /**
   * An empty cache; memory is taken as steps need it.
   *
   * @param slots sequences at once, 1 or more
   * @param limit most positions of a sequence, the model's {@code max_position_embeddings}
   * @param blocks most blocks of all sequences together
   * @param type {@link DType#F32}, or {@link DType#Q8_BLOCK}: then every head is a multiple of 32 wide
   */
  public KvCache(Backend backend, int slots, int limit, int blocks, DType type) {
    if (slots < 1 || limit < 1 || blocks < 1) {
      throw new IllegalArgumentException("a cache needs 1 or more slots, positions and blocks, got " + slots + ", "
          + limit + ", " + blocks);
    }
    if (type != DType.F32 && type != DType.Q8_BLOCK) {
      throw new IllegalArgumentException("a cache is of float32 or q8, got " + type);
    }
    this.backend = backend;
    this.slots = slots;
    this.limit = limit;
    this.type = type;
    this.lengths = new int[slots];
    this.tables = new int[slots][0];
    this.counts = new int[slots];
    this.pool = new BlockPool(Math.min(blocks, most(slots, limit)), prefixes::remove);
    this.tableScope = new Scope(backend);
    this.tableRoom = new IdRoom(backend, tableScope);
    this.rowRoom = new IdRoom(backend, tableScope);
  }

  /** Blocks for {@code slots} sequences of {@code limit} tokens, as far as rows can be counted. */
  static int most(int slots, int limit) {
    return (int) Math.min((long) slots * Math.ceilDiv(limit, BLOCK), Integer.MAX_VALUE / BLOCK);
  }

  /** A free slot for a new sequence. */
  public int acquire() {
    int slot = taken.nextClearBit(0);
    if (slot >= slots) {
      throw new IllegalStateException("all " + slots + " slots of the cache are taken");
    }
    taken.set(slot);
    states.values().forEach(all -> backend.fill(all.kept.slice(slot, 1), 0));
    return slot;
  }

  /** Gives a slot and its blocks back. */
  public void release(int slot) {
    taken.clear(slot);
    shorten(slot, 0);
    if (taken.isEmpty()) {
      replays.close();
    }
  }

  /** Passes over this cache that can be done again. */
  StepReplays replays() {
    return replays;
  }

  /** Grows whenever memory that a pass has used is replaced. */
  int moves() {
    return moves + tableRoom.moves() + rowRoom.moves();
  }

  /** Positions of the sequence in {@code slot}. */
  public int length(int slot) {
    return lengths[slot];
  }

  /** Rows of every layer that there is memory for now. */
  public int rows() {
    return capacity * BLOCK;
  }

  /** Bytes of keys and values. */
  public long bytes() {
    return layers.values().stream().mapToLong(layer -> layer.keys.bytes() + layer.values.bytes()).sum()
        + states.values().stream().mapToLong(all -> all.kept.bytes() + all.next.bytes()).sum();
  }

  /** Sequences that fit at once. */
  int slots() {
    return slots;
  }

  /** Share of the blocks that sequences use, 0 .. 1. */
  public double usage() {
    return pool.used() / (double) pool.limit();
  }

  /** Tokens that new or growing sequences would have blocks for. */
  long available() {
    return (long) pool.available() * BLOCK;
  }

  /** True if layers carry states, which cannot be shared or cut. */
  boolean hasStates() {
    return !states.isEmpty();
  }

  /**
   * Takes over blocks that hold the beginning of {@code tokens} for an empty sequence.
   *
   * @param scope what else must agree with those who {@link #publish}ed
   * @param most tokens that may be taken over
   * @return tokens taken over
   */
  int adopt(int slot, Object scope, int[] tokens, int most) {
    PrefixIndex.Walk walk = prefixes.walk(scope, tokens, BLOCK);
    while (lengths[slot] + BLOCK <= most) {
      int block = walk.next();
      if (block < 0) {
        break;
      }
      pool.share(block);
      append(slot, block);
      lengths[slot] += BLOCK;
    }
    return lengths[slot];
  }

  /** Forgets what is behind the first {@code length} tokens of a sequence. */
  void shorten(int slot, int length) {
    lengths[slot] = length;
    // the end of a text first: what idles longest goes first, and a beginning is worth more
    while (counts[slot] > Math.ceilDiv(length, BLOCK)) {
      int block = tables[slot][--counts[slot]];
      pool.leave(block, prefixes.contains(block));
    }
  }

  /** Lets others take over the full blocks of the first {@code length} tokens of a sequence. */
  void publish(int slot, Object scope, int[] tokens, int length) {
    PrefixIndex.Walk walk = prefixes.walk(scope, tokens, BLOCK);
    for (int i = 0; i < Math.min(length, lengths[slot]) / BLOCK; i++) {
      walk.put(tables[slot][i]);
    }
  }

  /** Forgets what others could take over. */
  void forget() {
    pool.dropIdle();
    prefixes.clear();
  }

  /** Makes room for {@code tokens} of a sequence in all; false if there are not enough blocks, then it has some. */
  boolean reserve(int slot, int tokens) {
    while ((long) counts[slot] * BLOCK < tokens) {
      int block = pool.take(counts[slot] == 0 ? -1 : tables[slot][counts[slot] - 1]);
      if (block < 0) {
        return false;
      }
      append(slot, block);
    }
    return true;
  }

  private void append(int slot, int block) {
    int[] table = tables[slot];
    if (counts[slot] == table.length) {
      tables[slot] = table = Arrays.copyOf(table, Math.max(BlockPool.RUN, table.length * 2));
    }
    table[counts[slot]++] = block;
  }

  /**
   * What one pass looks at: {@code counts[i]} more tokens of the sequence in {@code sequences[i]}, one behind the
   * other. It ends the step before.
   *
   * @throws InvalidPlanException if a sequence would become longer than the model's limit
   * @throws OverloadedException if there are not enough blocks
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
      if (!reserve(sequences[i], have + counts[i])) {
        throw new OverloadedException("The cache has " + pool.limit() + " blocks of " + BLOCK + " tokens and all are in "
            + "use. Work on fewer or shorter sequences at once.");
      }
    }
    grow();
    Step step = last;
    if (step == null || !step.fits(sequences, counts)) {
      step = new Step(sequences.clone(), counts.clone());
      last = step;
    }
    step.look();
    return step;
  }

  /** Memory for every block that is in use, with some for those to come. */
  private void grow() {
    if (pool.high() <= capacity) {
      return;
    }
    moves++;
    long wanted = Math.max(pool.high(), capacity + (long) capacity / 2);
    int before = capacity;
    capacity = (int) Math.min(Math.ceilDiv(wanted, BlockPool.RUN) * BlockPool.RUN, Math.max(pool.limit(), pool.high()));
    for (Map.Entry<Integer, Layer> entry : layers.entrySet()) {
      Layer from = entry.getValue();
      Layer to = layer(from.keys.columns(), from.values.columns());
      backend.copy(from.keys, to.keys.slice(0, (long) before * BLOCK));
      backend.copy(from.values, to.values.slice(0, (long) before * BLOCK));
      entry.setValue(to);
      from.scope.close();
    }
  }

  private Layer layer(long keyWidth, long valueWidth) {
    Scope scope = new Scope(backend);
    try {
      return new Layer(scope, scope.tensor(type, rows(), keyWidth), scope.tensor(type, rows(), valueWidth));
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

  /** Gives the memory back. Closing twice is harmless. */
  @Override
  public void close() {
    closed = true;
    Closing.all(() -> Closing.each(layers.values(), layer -> layer.scope.close()), layers::clear,
        () -> Closing.each(states.values(), all -> all.scope.close()), states::clear, tableScope, replays);
  }

  /** The tokens of one pass and the sequences they continue. */
  public final class Step implements AttentionContext {
    private final int[] sequences;
    private final int[] starts;
    private final int[] counts;
    private final int[] entries;
    private final int[] keys;
    private final int[] positions;
    private Segments.@Nullable Pages pages;
    private @Nullable Segments segments;
    /** The same numbers for recorded passes, which do not ask who they are of. */
    private @Nullable Segments lasting;
    /** The rows of the cache that the tokens of the pass go to. */
    private @Nullable Tensor rows;

    private Step(int[] sequences, int[] counts) {
      this.sequences = sequences;
      this.counts = counts;
      this.starts = new int[counts.length];
      this.entries = new int[counts.length];
      this.keys = new int[counts.length];
      int tokens = 0;
      for (int i = 0; i < counts.length; i++) {
        starts[i] = tokens;
        tokens += counts[i];
      }
      this.positions = new int[tokens];
    }

    private boolean fits(int[] otherSequences, int[] otherCounts) {
      return Arrays.equals(sequences, otherSequences) && Arrays.equals(counts, otherCounts);
    }

    /** Sees where the sequences are now. */
    @SuppressWarnings("ReferenceEquality") // the same tensor is the same place
    private void look() {
      int blocks = 0;
      for (int i = 0; i < keys.length; i++) {
        entries[i] = blocks;
        keys[i] = lengths[sequences[i]] + counts[i];
        blocks += Math.ceilDiv(keys[i], BLOCK);
      }
      int[] table = tableRoom.values(blocks);
      int[] to = rowRoom.values(positions.length);
      for (int i = 0; i < keys.length; i++) {
        int[] own = tables[sequences[i]];
        System.arraycopy(own, 0, table, entries[i], Math.ceilDiv(keys[i], BLOCK));
        for (int t = 0; t < counts[i]; t++) {
          int at = keys[i] - counts[i] + t;
          to[starts[i] + t] = own[at / BLOCK] * BLOCK + at % BLOCK;
          positions[starts[i] + t] = at;
        }
      }
      rows = rowRoom.upload();
      Tensor uploaded = tableRoom.upload();
      Segments.Pages now = pages;
      if (now == null || now.table() != uploaded) {
        now = new Segments.Pages(BLOCK, uploaded);
        pages = now;
        lasting = new Segments(starts, counts, entries, keys, now);
      }
      segments = null;
    }

    /** Which rows see each other, and where keys lie; others after the next step. */
    public Segments segments() {
      Segments now = segments;
      if (now == null) {
        // new ones for every step: backends know what they made of segments by their identity
        now = replayed().again();
        segments = now;
      }
      return now;
    }

    /** {@link #segments} for a recorded pass that is done again; the same ones have other numbers after the next step. */
    public Segments replayed() {
      return Objects.requireNonNull(lasting);
    }

    /** The position of every token of the pass in its sequence; not to be changed, and other ones after the next step. */
    public int[] positions() {
      return positions;
    }

    /** Index in the pass of the last token of sequence {@code index}. */
    public int lastRow(int index) {
      return starts[index] + counts[index] - 1;
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
      Tensor to = Objects.requireNonNull(rows);
      ops.backend().scatterRows(newKeys, to, cached.keys);
      ops.backend().scatterRows(newValues, to, cached.values);
      return ops.attention(q, cached.keys, cached.values, spec, segments(), sinks);
    }

    @Override
    public List<Recurrence> recurrences(int key, long size) {
      if (closed) {
        throw new IllegalStateException("the cache is closed");
      }
      States all = states.computeIfAbsent(key, k -> states(size));
      List<Recurrence> runs = new ArrayList<>();
      for (int s = 0; s < sequences.length; s++) {
        runs.add(new Recurrence(starts[s], counts[s], all.kept.slice(sequences[s], 1),
            all.next.slice(sequences[s], 1)));
      }
      return runs;
    }

    /** Keeps the tokens of the pass: the next step comes behind them. Without it they are written over. */
    public void commit() {
      commit(counts);
    }

    /**
     * Keeps the first {@code kept[i]} tokens of each sequence.
     *
     * @throws IllegalStateException if layers carry states and these are not all tokens: run a pass over fewer
     */
    public void commit(int[] kept) {
      if (hasStates() && !Arrays.equals(kept, counts)) {
        throw new IllegalStateException("states behind a part of a pass are not known");
      }
      for (int s = 0; s < sequences.length; s++) {
        int slot = sequences[s];
        lengths[slot] = keys[s] - counts[s] + kept[s];
        if (hasStates()) {
          states.values().forEach(all -> backend.copy(all.next.slice(slot, 1), all.kept.slice(slot, 1)));
        }
      }
    }
  }
}
