package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.grammar.Grammar;
import io.swiftjvm.infer.grammar.GrammarCompiler;
import io.swiftjvm.infer.grammar.Matcher;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.tuner.Adapters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Checks requests against a model and makes sequences of them. */
final class Requests {
  private static final String DEFAULT_ADAPTER = "default";

  private Requests() {}

  static List<Sequence> prepare(Engine engine, List<GenerateRequest> requests, StreamListener listener) {
    CausalLm model = engine.model();
    if (model.config().classifies()) {
      throw new InvalidPlanException("The model in " + model.directory() + " is a classifier of "
          + model.config().head().outputs() + " classes and cannot continue text. Use a causal language model.");
    }
    List<String> attached = Adapters.names(model);
    List<Sequence> sequences = new ArrayList<>();
    for (GenerateRequest request : requests) {
      sequences.add(sequence(engine, request, attached, sequences.size(), listener));
    }
    return sequences;
  }

  private static Sequence sequence(
      Engine engine, GenerateRequest request, List<String> attached, int index, StreamListener listener) {
    CausalLm model = engine.model();
    Tokenizer tokenizer = engine.tokenizer();
    SamplingParams params = request.sampling().resolve(model.source().generation());
    int vocabulary = model.config().vocabSize();
    int[] prompt = request.prompt();
    for (int i = 0; i < prompt.length; i++) {
      if (prompt[i] < 0 || prompt[i] >= vocabulary) {
        throw new InvalidPlanException("Token " + i + " of a prompt is " + prompt[i] + "; the model's ids are 0 .. "
            + (vocabulary - 1) + ". Use the tokenizer of this model.");
      }
    }
    if (tokenizer == null && !params.stop().isEmpty()) {
      throw new InvalidPlanException("Stop texts " + params.stop() + " need an engine with a tokenizer. Use "
          + "stopTokenIds or give the engine one.");
    }
    Set<Integer> ends = ends(model, tokenizer, params);
    long seed = params.seed() == null ? ThreadLocalRandom.current().nextLong() : params.seed();
    int[] endIds = ends.stream().filter(id -> id < vocabulary).mapToInt(id -> id).toArray();
    Matcher matcher = matcher(request.grammar(), engine.grammars());
    List<LogitsProcessor> own = new ArrayList<>(request.processors());
    if (matcher != null) {
      own.add((history, scores) -> matcher.mask(scores, endIds));
    }
    List<LogitsProcessor> chain = LogitsProcessors.of(params, own, engine.steps().room(), endIds);
    List<String> adapters = adapters(request, attached);
    TrainedPrompts trained = TrainedPrompts.of(model, adapters);
    int[] whole = behind(trained, prompt);
    int most = most(request.sampling(), params, whole.length, engine.maxLength(), model.config().maxPositions());
    return new Sequence(index, whole, trained.ids().length, request.cacheSalt(), adapters, params, seed, most, ends,
        new Sampler(chain, params.greedy(), seed, engine.steps().room()), matcher,
        tokenizer == null ? null : tokenizer.streamDecoder(!request.specialTokens()), piece -> listener.text(index, piece));
  }

  /** A matcher for a grammar, null where there is none to keep to. */
  static @Nullable Matcher matcher(@Nullable Grammar grammar, @Nullable GrammarCompiler grammars) {
    if (grammar != null && grammars == null) {
      throw new InvalidPlanException("A grammar needs an engine with a tokenizer. Give the engine one.");
    }
    return grammar == null || grammars == null ? null : grammars.matcher(grammar);
  }

  private static Set<Integer> ends(CausalLm model, @Nullable Tokenizer tokenizer, SamplingParams params) {
    Set<Integer> ends = new HashSet<>(params.stopTokenIds());
    if (!params.ignoreEos()) {
      ends.addAll(model.source().eosIds());
      if (tokenizer != null) {
        tokenizer.special().eos().ifPresent(ends::add);
      }
    }
    return ends;
  }

  /** Tokens that may be made: what was asked for must fit, what the model's files say is cut to what fits. */
  private static int most(SamplingParams asked, SamplingParams resolved, int prompt, int limit, int positions) {
    int room = limit - prompt;
    Integer wanted = asked.maxTokens();
    if (room < 1 || (wanted != null && wanted > room)) {
      throw new InvalidPlanException("A prompt of " + prompt + " tokens and " + (wanted == null ? "an answer"
          : "maxTokens " + wanted) + " do not fit into the " + (limit == positions ? "model's " + limit
              : limit + " of the model's " + positions) + " positions"
          + (limit == positions ? "" : " that max_model_len and the cache's memory allow") + ". " + (room < 1
          ? "Shorten the prompt to at most " + (limit - 1) + " tokens."
          : "Lower maxTokens to at most " + room + ", leave it unset, or shorten the prompt."));
    }
    Integer most = resolved.maxTokens();
    return most == null ? room : Math.min(most, room);
  }

  private static List<String> adapters(GenerateRequest request, List<String> attached) {
    List<String> names = request.adapters();
    if (names == null) {
      return attached.contains(DEFAULT_ADAPTER) ? List.of(DEFAULT_ADAPTER) : List.of();
    }
    for (String name : names) {
      if (!attached.contains(name)) {
        throw new InvalidPlanException("No adapter named '" + name + "' is attached. Attached: " + attached
            + ". Load it first or use one of those.");
      }
    }
    return names;
  }

  /** A prompt behind the trained tokens of the adapters, whose ids come after those of the vocabulary. */
  private static int[] behind(TrainedPrompts prompts, int[] prompt) {
    int[] all = Arrays.copyOf(prompts.ids(), prompts.ids().length + prompt.length);
    System.arraycopy(prompt, 0, all, prompts.ids().length, prompt.length);
    return all;
  }
}
