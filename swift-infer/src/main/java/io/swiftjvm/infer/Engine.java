package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.grammar.Grammar;
import io.swiftjvm.infer.grammar.GrammarCompiler;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.train.CancellationToken;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Continues prompts with a model. The sequences of one call are worked on together, each pass taking one token of every
 * sequence that speaks and a piece of a prompt; finished ones make room for waiting ones. Prompts of one call that
 * begin alike share the work; where memory runs out the newest sequence waits and is computed again. An answer depends
 * on its own prompt and settings alone, not on its neighbours.
 *
 * {@snippet :
 * Engine engine = new Engine(model, tokenizer);
 * var request = GenerateRequest.of(tokenizer.encode("1 + 1 =", true)).sampling(SamplingParams.GREEDY.maxTokens(8));
 * String answer = engine.generate(request).text();
 * }
 *
 * <p>Thread-safe, also for virtual threads: calls take turns pass by pass, in the order of asking, behind a lock that
 * is free while text is handed over. An interrupt or the token of the call ends it within one pass, with what there is;
 * the interrupt stays set. The engine owns neither model nor tokenizer. While there is work
 * the model's tree may only change by {@link #betweenPasses}.
 */
public final class Engine {
  private final CausalLm model;
  private final @Nullable Tokenizer tokenizer;
  private final EngineOptions options;
  private final Steps steps;
  private final @Nullable GrammarCompiler grammars;
  private final CacheBudget budget;
  private final EngineCounters counters = new EngineCounters();

  /** An engine that answers in tokens only. */
  public Engine(CausalLm model) {
    this(model, null, EngineOptions.DEFAULT);
  }

  /** An engine that answers in text. */
  public Engine(CausalLm model, Tokenizer tokenizer) {
    this(model, tokenizer, EngineOptions.DEFAULT);
  }

  /**
   * An engine with sizes of its own; without a tokenizer it answers in tokens only.
   *
   * @throws InvalidPlanException if the sizes do not fit the model or the memory
   */
  public Engine(CausalLm model, @Nullable Tokenizer tokenizer, EngineOptions options) {
    this(model, tokenizer, options, CacheBudget.of(model.config(), options));
  }

  Engine(CausalLm model, @Nullable Tokenizer tokenizer, EngineOptions options, CacheBudget budget) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.options = options;
    this.steps = new Steps(model);
    this.grammars = tokenizer == null ? null
        : new GrammarCompiler(tokenizer, model.config().vocabSize(), options.grammars());
    this.budget = budget;
    Drafter.check(model, options.speculation());
  }

  public CausalLm model() {
    return model;
  }

  @Nullable Tokenizer tokenizer() {
    return tokenizer;
  }

  @Nullable GrammarCompiler grammars() {
    return grammars;
  }

  EngineOptions options() {
    return options;
  }

  /** The steps that every user of this engine takes turns with. */
  Steps steps() {
    return steps;
  }

  /**
   * Runs a change of the model's tree, such as attaching an adapter, while no pass of this engine runs. Answers in the
   * making go on with the changed tree.
   */
  public void betweenPasses(Runnable change) {
    steps.change(change);
  }

  CacheBudget budget() {
    return budget;
  }

  /** Most tokens of a prompt and its answer. */
  public int maxLength() {
    return budget.length();
  }

  /** What the engine did so far. */
  public EngineCounters counters() {
    return counters;
  }

  /**
   * Compiles a grammar, so that requests with it need not wait for that.
   *
   * @throws InvalidPlanException if it cannot be used
   */
  public void check(Grammar grammar) {
    Requests.matcher(grammar, grammars);
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
    List<Sequence> all = Requests.prepare(this, requests, listener);
    Deque<Sequence> waiting = new ArrayDeque<>(all);
    BooleanSupplier more = () -> !cancellation.isCancelled();
    try (Batch batch = new Batch(this, Math.max(1, Math.min(options.maxSequences(), all.size())))) {
      while (!(waiting.isEmpty() && batch.isEmpty())) {
        while (!waiting.isEmpty() && batch.admit(waiting.getFirst())) {
          waiting.removeFirst();
        }
        for (Sequence dropped : batch.step(batch.running(), more, Sequence::advance)) {
          waiting.addFirst(dropped);
        }
        if (cancellation.isCancelled()) {
          break;
        }
        batch.leaveFinished();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    all.stream().filter(s -> !s.finished()).forEach(s -> s.finish(FinishReason.CANCELLED));
    return all.stream().map(Sequence::completion).toList();
  }
}
