package io.swiftjvm.infer;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.tuner.LoraAdapter;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Continues prompts with a model. The sequences of one call are worked on together, each pass taking one token of every
 * sequence that speaks and a piece of a prompt; finished ones make room for waiting ones. An answer depends on its own
 * prompt and settings alone, not on its neighbours.
 *
 * {@snippet :
 * Engine engine = new Engine(model, tokenizer);
 * var request = GenerateRequest.of(tokenizer.encode("1 + 1 =", true)).sampling(SamplingParams.GREEDY.maxTokens(8));
 * String answer = engine.generate(request).text();
 * }
 *
 * <p>Thread-safe, also for virtual threads: calls take turns pass by pass, in the order of asking, behind a lock that
 * is free while text is handed over. An interrupt or the token of the call ends it within one pass, with what there is;
 * the interrupt stays set. The engine owns neither model nor tokenizer. The model's tree must not change during a call.
 */
public final class Engine {
  private final CausalLm model;
  private final @Nullable Tokenizer tokenizer;
  private final EngineOptions options;
  private final ReentrantLock turn = new ReentrantLock(true);

  /** An engine that answers in tokens only. */
  public Engine(CausalLm model) {
    this(model, null, EngineOptions.DEFAULT);
  }

  /** An engine that answers in text. */
  public Engine(CausalLm model, Tokenizer tokenizer) {
    this(model, tokenizer, EngineOptions.DEFAULT);
  }

  /** An engine with sizes of its own; without a tokenizer it answers in tokens only. */
  public Engine(CausalLm model, @Nullable Tokenizer tokenizer, EngineOptions options) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.options = options;
  }

  public CausalLm model() {
    return model;
  }

  /** One answer. */
  public Completion generate(GenerateRequest request) {
    return generate(List.of(request)).getFirst();
  }

  /** One answer to each request, in their order. */
  public List<Completion> generate(List<GenerateRequest> requests) {
    return generate(requests, StreamListener.NONE, new CancellationToken());
  }

  /**
   * One answer to each request, in their order, shown to {@code listener} while they are made.
   *
   * @throws InvalidPlanException if a prompt, a setting or an adapter does not fit the model; nothing has run then
   */
  public List<Completion> generate(
      List<GenerateRequest> requests, StreamListener listener, CancellationToken cancellation) {
    List<Sequence> all = Requests.prepare(model, tokenizer, requests, listener);
    Queue<Sequence> waiting = new ArrayDeque<>(all);
    List<Sequence> running = new ArrayList<>();
    int slots = Math.max(1, Math.min(options.maxSequences(), all.size()));
    try (KvCache cache = new KvCache(model.backend(), slots, model.config().maxPositions())) {
      while (!(waiting.isEmpty() && running.isEmpty())) {
        while (running.size() < slots && !waiting.isEmpty()) {
          Sequence next = waiting.remove();
          next.slot(cache.acquire());
          running.add(next);
        }
        for (List<Feed> pass : plan(cache, running)) {
          if (cancellation.isCancelled() || !pass(cache, pass)) {
            all.stream().filter(s -> !s.finished()).forEach(s -> s.finish(FinishReason.CANCELLED));
            waiting.clear();
            break;
          }
        }
        running.stream().filter(Sequence::finished).forEach(s -> cache.release(s.slot()));
        running.removeIf(Sequence::finished);
      }
    }
    return all.stream().map(Sequence::completion).toList();
  }

  /** So many tokens of a sequence in the next pass. */
  private record Feed(Sequence sequence, int count) {}

  /** One pass for each choice of adapters: a token of each that speaks, and prompts as far as the budget goes. */
  private List<List<Feed>> plan(KvCache cache, List<Sequence> running) {
    Map<List<String>, List<Feed>> passes = new LinkedHashMap<>();
    int budget = options.prefillTokens();
    for (Sequence sequence : running) {
      int pending = sequence.pending(cache.length(sequence.slot()));
      // Invocation tokens must be seen together, so such a prompt is not cut.
      boolean cut = pending > Math.max(1, budget) && !LoraAdapter.invoked(model, sequence.adapters());
      int count = cut ? budget : pending;
      if (count > 0) {
        budget -= pending == 1 ? 0 : count;
        passes.computeIfAbsent(sequence.adapters(), names -> new ArrayList<>()).add(new Feed(sequence, count));
      }
    }
    return List.copyOf(passes.values());
  }

  /** Runs one pass and hands its results over; false if the thread was interrupted before. */
  private boolean pass(KvCache cache, List<Feed> feeds) {
    List<float @Nullable []> logits;
    try {
      turn.lockInterruptibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    try {
      logits = logits(cache, feeds);
    } finally {
      turn.unlock();
    }
    for (int i = 0; i < feeds.size(); i++) {
      float[] own = logits.get(i);
      if (own != null) {
        feeds.get(i).sequence.advance(own);
      }
    }
    return true;
  }

  /** The logits (V) behind each feed that ends at its sequence's last token, else null. */
  private List<float @Nullable []> logits(KvCache cache, List<Feed> feeds) {
    int[] slots = feeds.stream().mapToInt(feed -> feed.sequence.slot()).toArray();
    int[] counts = feeds.stream().mapToInt(Feed::count).toArray();
    int[] ids = feeds.stream()
        .flatMapToInt(f -> Arrays.stream(f.sequence.feed(cache.length(f.sequence.slot()), f.count)))
        .toArray();
    KvCache.Step step = cache.step(slots, counts);
    List<float @Nullable []> results = new ArrayList<>();
    try (Scope scope = new Scope(model.backend())) {
      Ops ops = new Ops(model.backend(), null, scope);
      Pass pass = Pass.of(ops, step).adapters(feeds.getFirst().sequence.adapters());
      Tensor hidden = model.hidden(pass, upload(scope, ids), step.positions());
      step.commit();
      List<Integer> rows = new ArrayList<>();
      for (int i = 0; i < slots.length; i++) {
        if (feeds.get(i).sequence.pending(cache.length(slots[i])) == 0) {
          rows.add(step.lastRow(i));
        }
      }
      Tensor logits = rows.isEmpty() ? null : model.logits(
          pass, ops.selectRows(hidden, upload(scope, rows.stream().mapToInt(r -> r).toArray())));
      int row = 0;
      for (int i = 0; i < slots.length; i++) {
        boolean wanted = feeds.get(i).sequence.pending(cache.length(slots[i])) == 0;
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
