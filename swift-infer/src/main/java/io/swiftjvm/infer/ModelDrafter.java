package io.swiftjvm.infer;

import io.swiftjvm.infer.Steps.Tokens;
import io.swiftjvm.model.CausalLm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** The greedy tokens of a smaller model, which has a cache of its own. */
final class ModelDrafter implements Drafter {
  private final int tokens;
  private final int piece;
  private final int limit;
  private final Steps steps;
  private final KvCache cache;
  private final Map<Sequence, Seen> seen = new IdentityHashMap<>();

  /** What the small model's cache holds of a sequence, guesses included. */
  private static final class Seen {
    final int slot;
    int[] ids = new int[0];
    int[] guess = new int[0];

    Seen(int slot) {
      this.slot = slot;
    }
  }

  ModelDrafter(Speculation.Draft draft, EngineOptions options, int slots) {
    CausalLm model = draft.model();
    CacheBudget budget = CacheBudget.of(model.config(), options.maxLength(null));
    this.tokens = draft.tokens();
    this.piece = options.prefillTokens();
    this.limit = budget.length();
    this.steps = new Steps(model);
    this.cache = new KvCache(model.backend(), slots, limit, budget.blocks(), options.cacheType());
  }

  @Override
  public Map<Sequence, int[]> guess(List<Sequence> sequences) throws InterruptedException {
    Map<Sequence, int[]> guesses = new IdentityHashMap<>();
    List<Sequence> going = new ArrayList<>();
    for (Sequence sequence : sequences) {
      int most = Math.min(tokens, Math.min(sequence.left(), limit - sequence.length()) - 1);
      if (most > 0 && catchUp(sequence)) {
        going.add(sequence);
      }
    }
    for (int i = 1; i < tokens && !going.isEmpty(); i++) {
      int made = i;
      going.removeIf(s -> made >= Math.min(s.left() - 1, limit - s.length() - 1));
      for (int from = 0; from < going.size(); from += Steps.FEW) {
        further(going.subList(from, Math.min(from + Steps.FEW, going.size())));
      }
    }
    for (Sequence sequence : sequences) {
      Seen own = seen.get(sequence);
      if (own != null && own.guess.length > 0) {
        guesses.put(sequence, own.guess);
        own.guess = new int[0];
      }
    }
    return guesses;
  }

  /** Shows the model what it has not seen of a sequence and takes its first guess; false if there is no memory. */
  private boolean catchUp(Sequence sequence) throws InterruptedException {
    Seen own = seen.computeIfAbsent(sequence, s -> new Seen(cache.acquire()));
    // An adapter's trained tokens mean nothing to another model.
    int[] ids = sequence.ids(sequence.trained(), sequence.length());
    int differs = Arrays.mismatch(own.ids, ids);
    int same = Math.min(differs < 0 ? ids.length : differs, ids.length - 1);
    cache.shorten(own.slot, Math.min(same, cache.length(own.slot)));
    if (!cache.reserve(own.slot, ids.length + tokens)) {
      return false;
    }
    own.ids = ids;
    int done = cache.length(own.slot);
    while (done < ids.length) {
      int count = Math.min(piece, ids.length - done);
      int wanted = done + count == ids.length ? 1 : 0;
      run(List.of(own), List.of(new Tokens(own.slot, Arrays.copyOfRange(ids, done, done + count), wanted, true)));
      done += count;
    }
    return true;
  }

  /** One more guess for each. */
  private void further(List<Sequence> sequences) throws InterruptedException {
    List<Seen> all = new ArrayList<>();
    List<Tokens> next = new ArrayList<>();
    for (Sequence sequence : sequences) {
      Seen own = seen.get(sequence);
      if (own != null) {
        int last = own.guess[own.guess.length - 1];
        own.ids = Arrays.copyOf(own.ids, own.ids.length + 1);
        own.ids[own.ids.length - 1] = last;
        all.add(own);
        next.add(new Tokens(own.slot, new int[] {last}, 1, true));
      }
    }
    run(all, next);
  }

  private void run(List<Seen> all, List<Tokens> next) throws InterruptedException {
    Steps.Result result = steps.run(cache, List.of(), next);
    result.step().commit();
    for (int i = 0; i < all.size(); i++) {
      if (next.get(i).wanted() > 0) {
        Seen own = all.get(i);
        own.guess = Arrays.copyOf(own.guess, own.guess.length + 1);
        own.guess[own.guess.length - 1] = Math.max(0, result.rows().get(i).getFirst().best());
      }
    }
    steps.recycle(result);
  }

  @Override
  public void leave(Sequence sequence) {
    Seen own = seen.remove(sequence);
    if (own != null) {
      cache.release(own.slot);
    }
  }

  @Override
  public void close() {
    cache.close();
  }
}
