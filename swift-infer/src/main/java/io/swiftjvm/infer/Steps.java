package io.swiftjvm.infer;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Passes through a model, of all that use one engine. They take turns, in the order of asking. */
final class Steps {
  /** Up to so many rows the cpu's products and attention add in the same order, whatever their number; in the C files. */
  static final int FEW = 16;

  private static final int SPARES = 64;
  private static final int[] NONE = new int[0];

  private final Deque<float[]> spares = new ArrayDeque<>();
  private final CausalLm model;
  private final Spoken spoken;
  private final ScoreRoom room = new ScoreRoom();
  private final ReentrantLock turn = new ReentrantLock(true);
  private int[] slots = NONE;
  private int[] counts = NONE;
  private int[] ids = NONE;

  Steps(CausalLm model) {
    this.model = model;
    this.spoken = new Spoken(model);
  }

  /**
   * Tokens of one sequence for a pass.
   *
   * @param slot of the cache
   * @param ids the next tokens
   * @param wanted behind so many of them, the last ones, something is wanted
   * @param best whether that is the likeliest token alone, not the logits: those then stay on the device
   */
  record Tokens(int slot, int[] ids, int wanted, boolean best) {}

  /**
   * What may follow a token.
   *
   * @param logits of all tokens, null if only the likeliest one was wanted
   * @param best that one where it was wanted, -1 if the logits are not finite
   */
  record Row(float @Nullable [] logits, int best) {
    static Row of(float[] logits) {
      return new Row(logits, -1);
    }
  }

  /**
   * What came of a pass.
   *
   * @param step to commit
   * @param rows for each sequence of the pass, one for each wanted
   */
  record Result(KvCache.Step step, List<List<Row>> rows) {}

  /** One pass; it is not committed. Its logits may be given back by {@link #recycle}. */
  Result run(KvCache cache, List<String> adapters, List<Tokens> tokens) throws InterruptedException {
    turn.lockInterruptibly();
    try {
      return pass(cache, adapters, tokens);
    } finally {
      turn.unlock();
    }
  }

  /** Where those who draw tokens work. */
  ScoreRoom room() {
    return room;
  }

  /** Runs work of another kind on the model when its turn comes. */
  <T> T inTurn(Supplier<T> work) {
    turn.lock();
    try {
      return work.get();
    } finally {
      turn.unlock();
    }
  }

  /** Runs a change of the model when its turn comes: what was recorded of passes before it is not used any more. */
  void change(Runnable change) {
    inTurn(() -> {
      spoken.modelChanges();
      change.run();
      return true;
    });
  }

  /** Arrays of this turn, the last one's where they are as long. */
  private static int[] room(int[] last, int length) {
    return last.length == length ? last : new int[length];
  }

  private Result pass(KvCache cache, List<String> adapters, List<Tokens> tokens) {
    slots = room(slots, tokens.size());
    counts = room(counts, tokens.size());
    int all = 0;
    boolean speaks = tokens.size() <= FEW;
    for (int i = 0; i < slots.length; i++) {
      Tokens own = tokens.get(i);
      slots[i] = own.slot();
      counts[i] = own.ids().length;
      all += counts[i];
      speaks &= counts[i] == 1 && own.wanted() == 1;
    }
    KvCache.Step step = cache.step(slots, counts);
    ids = room(ids, all);
    for (int i = 0, at = 0; i < slots.length; at += counts[i], i++) {
      System.arraycopy(tokens.get(i).ids(), 0, ids, at, counts[i]);
    }
    TrainedPrompts prompts = TrainedPrompts.of(model, adapters);
    if (speaks && prompts.adapter() == null && !cache.hasStates()) {
      return new Result(step, spoken.run(cache, adapters, step, ids, (logits, room) -> rows(logits, tokens, room)));
    }
    try (Scope scope = new Scope(model.backend())) {
      Pass pass = prompts.on(
          Pass.of(new Ops(model.backend(), null, scope), step).adapters(adapters), ids, step.positions());
      Tensor hidden = model.hidden(pass, upload(scope, ids), step.positions());
      int[] rows = IntStream.range(0, tokens.size()).flatMap(i -> IntStream.rangeClosed(
          step.lastRow(i) - tokens.get(i).wanted() + 1, step.lastRow(i))).toArray();
      Tensor logits =
          rows.length == 0 ? hidden : model.logits(pass, pass.ops().selectRows(hidden, upload(scope, rows)));
      return new Result(step, rows(logits, tokens, null));
    }
  }

  /** What was wanted of the logits of a pass; the likeliest tokens are made in {@code room} if there is some. */
  private List<List<Row>> rows(Tensor logits, List<Tokens> tokens, @Nullable BestRoom room) {
    boolean anyBest = false;
    for (int i = 0; i < tokens.size(); i++) {
      anyBest |= tokens.get(i).best() && tokens.get(i).wanted() > 0;
    }
    int[] best = anyBest ? best(logits, room) : NONE;
    if (tokens.size() == 1 && tokens.getFirst().wanted() == 1) {
      return List.of(List.of(row(tokens.getFirst(), logits, best, 0)));
    }
    List<List<Row>> results = new ArrayList<>(tokens.size());
    int row = 0;
    for (Tokens own : tokens) {
      if (own.wanted() == 1) {
        results.add(List.of(row(own, logits, best, row++)));
        continue;
      }
      List<Row> wanted = new ArrayList<>(own.wanted());
      for (int i = 0; i < own.wanted(); i++, row++) {
        wanted.add(row(own, logits, best, row));
      }
      results.add(wanted);
    }
    return results;
  }

  private Row row(Tokens own, Tensor logits, int[] best, int row) {
    return own.best() ? new Row(null, best[row]) : Row.of(download(logits.slice(row, 1)));
  }

  private Tensor upload(Scope scope, int[] values) {
    Tensor tensor = scope.tensor(DType.I32, values.length);
    model.backend().upload(MemorySegment.ofArray(values), tensor);
    return tensor;
  }

  private int[] best(Tensor logits, @Nullable BestRoom room) {
    if (room != null) {
      return room.of(model.backend(), logits);
    }
    try (Scope scope = new Scope(model.backend())) {
      return new BestRoom(scope, Math.toIntExact(logits.rows())).of(model.backend(), logits);
    }
  }

  private float[] download(Tensor row) {
    float[] spare = spare();
    float[] values = spare != null && spare.length == row.size() ? spare : new float[Math.toIntExact(row.size())];
    model.backend().download(row, MemorySegment.ofArray(values));
    return values;
  }

  private float @Nullable [] spare() {
    synchronized (spares) {
      return spares.pollFirst();
    }
  }

  /** Takes logits back that nobody looks at any more: a vocabulary's row is the largest thing that a step makes. */
  void recycle(Result result) {
    for (List<Row> rows : result.rows()) {
      for (Row row : rows) {
        float[] logits = row.logits();
        if (logits != null) {
          synchronized (spares) {
            if (spares.size() < SPARES) {
              spares.addFirst(logits);
            }
          }
        }
      }
    }
  }
}
