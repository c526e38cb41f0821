package io.swiftjvm.infer;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.LoraAdapter;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The step of generation that {@link Engine} and {@link Scheduler} share: which tokens go into the next passes, and one
 * pass through the model. Passes take turns, in the order of asking.
 */
final class Steps {
  /** Up to so many rows the cpu's products add in the same order, whatever their number; FEW in matmul.h. */
  private static final int FEW = 16;

  private final CausalLm model;
  private final int prefillTokens;
  private final ReentrantLock turn = new ReentrantLock(true);

  Steps(CausalLm model, int prefillTokens) {
    this.model = model;
    this.prefillTokens = prefillTokens;
  }

  /** So many tokens of a sequence in the next pass. */
  record Feed(Sequence sequence, int count) {}

  /**
   * The next passes: a token of each sequence that speaks, and pieces of prompts as far as the budget goes. A piece of
   * more than {@link #FEW} tokens has a pass to itself, and how a prompt is cut depends on the prompt alone: so every
   * token meets the same kernels whatever runs beside it, and its numbers are the same to the last bit.
   */
  List<List<Feed>> plan(KvCache cache, List<Sequence> running) {
    List<List<Feed>> passes = new ArrayList<>();
    Map<List<String>, List<Feed>> open = new HashMap<>();
    int budget = prefillTokens;
    for (Sequence sequence : running) {
      int pending = sequence.pending(cache.length(sequence.slot()));
      // Invocation tokens must be seen together, so such a prompt is not cut.
      boolean whole = pending > prefillTokens && LoraAdapter.invoked(model, sequence.adapters());
      int count = whole ? pending : Math.min(pending, prefillTokens);
      boolean fits = count <= 1 || count <= budget || (whole && budget == prefillTokens);
      if (count == 0 || !fits) {
        continue;
      }
      budget -= count > 1 ? count : 0;
      Feed feed = new Feed(sequence, count);
      List<Feed> pass = open.get(sequence.adapters());
      if (count > FEW) {
        passes.add(List.of(feed));
      } else if (pass == null || pass.stream().mapToInt(Feed::count).sum() + count > FEW) {
        List<Feed> next = new ArrayList<>(List.of(feed));
        passes.add(next);
        open.put(sequence.adapters(), next);
      } else {
        pass.add(feed);
      }
    }
    return passes;
  }

  /** The logits (V) behind each feed that ends at its sequence's last token, else null. */
  List<float @Nullable []> run(KvCache cache, List<Feed> feeds) throws InterruptedException {
    turn.lockInterruptibly();
    try {
      return logits(cache, feeds);
    } finally {
      turn.unlock();
    }
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

  private List<float @Nullable []> logits(KvCache cache, List<Feed> feeds) {
    int[] slots = feeds.stream().mapToInt(feed -> feed.sequence().slot()).toArray();
    int[] counts = feeds.stream().mapToInt(Feed::count).toArray();
    int[] ids = feeds.stream()
        .flatMapToInt(f -> Arrays.stream(f.sequence().feed(cache.length(f.sequence().slot()), f.count())))
        .toArray();
    KvCache.Step step = cache.step(slots, counts);
    List<float @Nullable []> results = new ArrayList<>();
    try (Scope scope = new Scope(model.backend())) {
      Ops ops = new Ops(model.backend(), null, scope);
      Pass pass = Pass.of(ops, step).adapters(feeds.getFirst().sequence().adapters());
      Tensor hidden = model.hidden(pass, upload(scope, ids), step.positions());
      step.commit();
      List<Integer> rows = new ArrayList<>();
      for (int i = 0; i < slots.length; i++) {
        if (feeds.get(i).sequence().pending(cache.length(slots[i])) == 0) {
          rows.add(step.lastRow(i));
        }
      }
      Tensor logits = rows.isEmpty() ? null : model.logits(
          pass, ops.selectRows(hidden, upload(scope, rows.stream().mapToInt(r -> r).toArray())));
      int row = 0;
      for (int i = 0; i < slots.length; i++) {
        boolean wanted = feeds.get(i).sequence().pending(cache.length(slots[i])) == 0;
        results.add(wanted && logits != null ? download(logits.slice(row++, 1)) : null);
      }
    }
    return results;
  }

  private Tensor upload(Scope scope, int[] values) {
    Tensor tensor = scope.tensor(DType.I32, values.length);
    model.backend().upload(MemorySegment.ofArray(values), tensor);
    return tensor;
  }

  private float[] download(Tensor row) {
    float[] values = new float[Math.toIntExact(row.size())];
    model.backend().download(row, MemorySegment.ofArray(values));
    return values;
  }
}
