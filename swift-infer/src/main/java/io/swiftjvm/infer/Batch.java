package io.swiftjvm.infer;

import io.swiftjvm.error.Closing;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.DeltaNetConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.tuner.LoraAdapter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sequences that go on together, in the order of their admission, and the cache that they share. When blocks run out the
 * newest sequence gives up its own and is computed again later. For one thread.
 */
final class Batch implements AutoCloseable {
  /** A prompt waits for another one that is under way if that saves it so many tokens. */
  private static final int WORTH_WAITING = 64;
  private static final int[] NONE = new int[0];

  private final CausalLm model;
  private final EngineOptions options;
  private final EngineCounters counters;
  private final Steps steps;
  private final KvCache cache;
  private final List<Sequence> running = new ArrayList<>();
  private final List<Sequence> shownRunning = Collections.unmodifiableList(running);
  /** What one step is made of, for a step shall cost little of the heap. */
  private final List<Sequence> dropped = new ArrayList<>();
  private final List<List<Feed>> passes = new ArrayList<>();
  /** For each set of adapters the last pass, which has room perhaps. */
  private final Map<List<String>, List<Feed>> open = new HashMap<>();
  private final @Nullable Drafter drafter;
  private final boolean sharing;
  private final int grain;
  private final int few;

  /** Takes what a sequence's next token is drawn from; the sequence goes on by one token or ends. */
  @FunctionalInterface
  interface Advance {
    void next(Sequence sequence, Steps.Row row);
  }

  /** So many tokens of a sequence in the next pass, the last ones of them guesses. */
  private record Feed(Sequence sequence, int count, int[] guess) {}

  Batch(Engine engine, int slots) {
    this(engine, new KvCache(engine.model().backend(), slots, engine.budget().length(), engine.budget().blocks(),
        engine.options().cacheType()));
  }

  /** Takes the cache over, also where it fails. */
  Batch(Engine engine, KvCache cache) {
    this.cache = cache;
    this.model = engine.model();
    this.options = engine.options();
    this.counters = engine.counters();
    this.steps = engine.steps();
    DecoderConfig config = model.config();
    boolean varies = config.layers().stream().map(l -> l.mixer().rope()).anyMatch(r -> r != null && r.varies());
    // where angles depend on how far a pass reaches a text goes on as if it were alone
    this.few = varies ? 1 : Steps.FEW;
    try {
      this.drafter = varies ? null : Drafter.of(engine, cache.slots());
    } catch (RuntimeException | Error e) {
      Closing.after(e, cache);
      throw e;
    }
    this.sharing = options.prefixCache() && !varies
        && config.layers().stream().noneMatch(l -> l.mixer() instanceof DeltaNetConfig);
    boolean dense = config.layers().stream().allMatch(l -> l.feedForward() instanceof MlpConfig);
    this.grain = dense ? KvCache.BLOCK : options.prefillTokens();
  }

  /** Those that have a place; changes as they come and go. */
  List<Sequence> running() {
    return shownRunning;
  }

  boolean isEmpty() {
    return running.isEmpty();
  }

  /** Share of the cache's blocks that are in use. */
  double usage() {
    return cache.usage();
  }

  /** Takes a sequence in if there is a place and memory for what it has; the only one always has. */
  boolean admit(Sequence sequence) {
    boolean fits = cache.available() >= sequence.length() + (long) KvCache.BLOCK;
    if (!running.isEmpty() && (running.size() >= cache.slots() || !fits)) {
      return false;
    }
    sequence.slot(cache.acquire());
    running.add(sequence);
    return true;
  }

  /** Lets a sequence go. */
  void leave(Sequence sequence) {
    running.remove(sequence);
    cache.release(sequence.slot());
    if (drafter != null) {
      drafter.leave(sequence);
    }
    sequence.slot(-1);
  }

  /** Lets those go that have ended. */
  void leaveFinished() {
    for (int i = running.size() - 1; i >= 0; i--) {
      if (running.get(i).finished()) {
        leave(running.get(i));
      }
    }
  }

  /** Forgets what prompts could share. */
  void forget() {
    cache.forget();
  }

  /**
   * The next passes: a token of each sequence that speaks, and pieces of prompts as far as the budget goes.
   *
   * @param ready those that may go on
   * @param more asked before each pass
   * @return those that gave up their place, the newest first; others after the next step
   */
  List<Sequence> step(List<Sequence> ready, BooleanSupplier more, Advance advance) throws InterruptedException {
    dropped.clear();
    try {
      plan(ready);
      for (List<Feed> pass : passes) {
        if (!more.getAsBoolean()) {
          break;
        }
        run(pass, advance);
      }
      return dropped;
    } finally {
      // texts that have ended are not held while nobody speaks
      passes.clear();
      open.clear();
    }
  }

  /**
   * A piece of more than {@link Steps#FEW} tokens has a pass to itself, and how a text is cut depends on the text alone:
   * so every token meets the same kernels whatever runs beside it, and on the cpu its numbers are the same to the last bit
   * (a gpu shares its work otherwise for more texts).
   */
  private void plan(List<Sequence> ready) throws InterruptedException {
    Map<Sequence, int[]> guesses = drafter == null ? Map.of() : drafter.guess(ready.stream()
        .filter(s -> s.slot() >= 0 && pending(s) == 1 && !invoked(s)).toList());
    int budget = options.prefillTokens();
    // those behind may have to give up their place meanwhile
    for (int i = 0; i < running.size(); i++) {
      Sequence sequence = running.get(i);
      if (!ready.contains(sequence) || waits(sequence, ready)) {
        continue;
      }
      Feed feed = feed(sequence, guesses.getOrDefault(sequence, NONE));
      int size = feed.count;
      boolean speaks = size - feed.guess.length == 1;
      if (!(speaks || size <= budget || (size > options.prefillTokens() && budget == options.prefillTokens()))) {
        continue;
      }
      feed = reserve(feed);
      if (feed == null) {
        continue;
      }
      budget -= speaks ? 0 : size;
      List<Feed> pass = open.get(sequence.adapters());
      if (size > few || running.size() == 1) {
        passes.add(List.of(feed));
      } else if (pass == null || tokens(pass) + size > few) {
        List<Feed> next = new ArrayList<>(few);
        next.add(feed);
        passes.add(next);
        open.put(sequence.adapters(), next);
      } else {
        pass.add(feed);
      }
    }
  }

  private static int tokens(List<Feed> pass) {
    int all = 0;
    for (Feed feed : pass) {
      all += feed.count;
    }
    return all;
  }

  private int pending(Sequence sequence) {
    return sequence.length() - cache.length(sequence.slot());
  }

  /** Invocation tokens must be seen together, so such a prompt is not cut. */
  private boolean invoked(Sequence sequence) {
    return !sequence.adapters().isEmpty() && LoraAdapter.invoked(model, sequence.adapters());
  }

  private Feed feed(Sequence sequence, int[] guess) {
    int done = cache.length(sequence.slot());
    if (done >= sequence.promptLength()) {
      int again = Math.min(pending(sequence), few);
      return again > 1 ? new Feed(sequence, again, NONE) : new Feed(sequence, 1 + guess.length, guess);
    }
    boolean whole = sequence.promptLength() > options.prefillTokens() && invoked(sequence);
    return new Feed(sequence, whole ? sequence.promptLength() - done : cut(sequence).next(done), NONE);
  }

  private PromptCut cut(Sequence sequence) {
    return new PromptCut(sequence.promptLength(), options.prefillTokens(), grain);
  }

  /**
   * Looks up what of a new prompt is there already. True if it should wait, as one that is under way will soon have
   * much more of it.
   */
  private boolean waits(Sequence sequence, List<Sequence> ready) {
    int slot = sequence.slot();
    if (!sharing || cache.length(slot) > 0 || invoked(sequence)) {
      return false;
    }
    PrefixScope scope = sequence.scope(model);
    int[] prompt = sequence.prompt();
    int found = cut(sequence).adoptable(cache.adopt(slot, scope, prompt, prompt.length - 1));
    cache.shorten(slot, 0);
    for (Sequence other : running) {
      if (other == sequence) {
        break;
      }
      if (ready.contains(other) && other.slot() >= 0 && cache.length(other.slot()) < other.promptLength()
          && scope.equals(other.scope(model))) {
        int same = Arrays.mismatch(prompt, other.prompt());
        int alike = same < 0 ? prompt.length : same;
        if (cut(sequence).adoptable(Math.min(alike, prompt.length - 1)) >= found + WORTH_WAITING) {
          return true;
        }
      }
    }
    cache.adopt(slot, scope, prompt, found);
    return false;
  }

  /** The feed with blocks for it, shorter if need be, or null if its sequence had to give up its place. */
  private @Nullable Feed reserve(Feed feed) {
    Sequence sequence = feed.sequence;
    while (!cache.reserve(sequence.slot(), cache.length(sequence.slot()) + feed.count)) {
      Sequence newest = running.getLast();
      if (newest != sequence) {
        drop(newest);
      } else if (feed.guess.length > 0) {
        return reserve(new Feed(sequence, 1, NONE));
      } else if (running.size() == 1) {
        throw new OverloadedException("One sequence of " + sequence.length() + " tokens does not fit into the cache. "
            + "Lower max_model_len or raise gpu_memory_utilization.");
      } else {
        drop(sequence);
        return null;
      }
    }
    return feed;
  }

  private void drop(Sequence sequence) {
    preempt(sequence);
    dropped.add(sequence);
  }

  /** Lets a sequence go that will come again. */
  void preempt(Sequence sequence) {
    leave(sequence);
    counters.preempted();
  }

  private void run(List<Feed> feeds, Advance advance) throws InterruptedException {
    List<String> adapters = feeds.getFirst().sequence.adapters();
    List<Steps.Tokens> tokens;
    if (feeds.size() == 1) {
      tokens = List.of(tokens(feeds.getFirst()));
    } else {
      tokens = new ArrayList<>(feeds.size());
      for (Feed feed : feeds) {
        tokens.add(tokens(feed));
      }
    }
    Steps.Result result = steps.run(cache, adapters, tokens);
    int[] kept = new int[feeds.size()];
    for (int i = 0; i < kept.length; i++) {
      Feed feed = feeds.get(i);
      kept[i] = feed.count - feed.guess.length + advance(feed, result.rows().get(i), advance);
    }
    commit(feeds, adapters, result, kept);
    steps.recycle(result);
  }

  private Steps.Tokens tokens(Feed feed) {
    int done = cache.length(feed.sequence.slot());
    int known = feed.count - feed.guess.length;
    boolean last = done + known == feed.sequence.length();
    if (sharing && feed.sequence.firstFeed()) {
      counters.looked(feed.sequence.promptLength(), done);
    }
    return tokens(feed.sequence, done, feed.count, feed.guess, last ? 1 + feed.guess.length : 0);
  }

  private static Steps.Tokens tokens(Sequence sequence, int done, int count, int[] guess, int wanted) {
    int[] ids = sequence.ids(done, done + count - guess.length);
    if (guess.length > 0) {
      ids = Arrays.copyOf(ids, count);
      System.arraycopy(guess, 0, ids, count - guess.length, guess.length);
    }
    return new Steps.Tokens(sequence.slot(), ids, wanted, sequence.wantsBest());
  }

  /** Draws tokens as long as the guess before was right; returns how many were. */
  private int advance(Feed feed, List<Steps.Row> rows, Advance advance) {
    int right = 0;
    for (int i = 0; i < rows.size(); i++) {
      advance.next(feed.sequence, rows.get(i));
      if (feed.sequence.finished() || i == feed.guess.length || feed.sequence.last() != feed.guess[i]) {
        break;
      }
      right++;
    }
    if (feed.guess.length > 0) {
      counters.guessed(feed.guess.length, right);
    }
    return right;
  }

  private void commit(List<Feed> feeds, List<String> adapters, Steps.Result result, int[] kept)
      throws InterruptedException {
    boolean all = true;
    for (int i = 0; i < kept.length; i++) {
      all &= kept[i] == feeds.get(i).count;
    }
    if (all || !cache.hasStates()) {
      result.step().commit(kept);
    } else {
      // states behind wrong guesses are of no use: once more without them
      List<Steps.Tokens> right = new ArrayList<>();
      for (int i = 0; i < kept.length; i++) {
        Sequence sequence = feeds.get(i).sequence;
        right.add(tokens(sequence, cache.length(sequence.slot()), kept[i], NONE, 0));
      }
      steps.run(cache, adapters, right).step().commit();
    }
    for (Feed feed : feeds) {
      Sequence sequence = feed.sequence;
      int done = cache.length(sequence.slot());
      if (sharing && done - feed.count < sequence.promptLength() && !invoked(sequence)) {
        cache.publish(sequence.slot(), sequence.scope(model), sequence.prompt(), cut(sequence).publishable());
      }
    }
  }

  @Override
  public void close() {
    Closing.all(cache, drafter);
  }
}
