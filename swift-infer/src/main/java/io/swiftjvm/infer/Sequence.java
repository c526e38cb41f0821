package io.swiftjvm.infer;

import io.swiftjvm.infer.grammar.Matcher;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.text.StreamDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One request on its way: what it has said, what the cache holds of it, why it ended. */
final class Sequence {
  private final int index;
  private final List<String> adapters;
  private final SamplingParams params;
  private final long seed;
  private final int most;
  private final int[] ends;
  private final Sampler sampler;
  private final TokenHistory history;
  private final int[] prompt;
  private final int trained;
  private final @Nullable String salt;
  private final @Nullable Matcher matcher;
  private final @Nullable StreamDecoder decoder;
  private final StopText stop;
  private final Consumer<String> listener;
  private final StringBuilder text = new StringBuilder();
  private final List<TokenLogprob> logprobs = new ArrayList<>();
  private int made;
  private int slot = -1;
  private boolean fed;
  private @Nullable PrefixScope scope;
  private @Nullable FinishReason finish;

  /**
   * A sequence at its prompt.
   *
   * @param trained tokens at the start of the prompt that are an adapter's, not the caller's
   * @param salt what else must agree for its prompt to be shared
   * @param most tokens that may be made
   * @param ends tokens that end it
   * @param matcher the form it must have, which the sampler keeps to; null = any
   * @param decoder makes text of its tokens; null = it has none
   */
  Sequence(
      int index, int[] prompt, int trained, @Nullable String salt, List<String> adapters, SamplingParams params, long seed, int most,
      Set<Integer> ends, Sampler sampler, @Nullable Matcher matcher, @Nullable StreamDecoder decoder,
      Consumer<String> listener) {
    this.index = index;
    this.prompt = prompt;
    this.trained = trained;
    this.history = new TokenHistory(prompt);
    this.salt = salt;
    this.adapters = adapters;
    this.params = params;
    this.seed = seed;
    this.most = most;
    this.ends = ends.stream().mapToInt(Integer::intValue).toArray();
    this.sampler = sampler;
    this.matcher = matcher;
    this.decoder = decoder;
    this.stop = new StopText(params.stop(), params.includeStop());
    this.listener = listener;
  }

  int index() {
    return index;
  }

  List<String> adapters() {
    return adapters;
  }

  int slot() {
    return slot;
  }

  void slot(int value) {
    slot = value;
  }

  boolean finished() {
    return finish != null;
  }

  /** Those told so far; grows while the sequence speaks. */
  List<TokenLogprob> logprobs() {
    return logprobs;
  }

  /** Tokens of prompt and answer. */
  int length() {
    return history.length();
  }

  int promptLength() {
    return prompt.length;
  }

  /** Tokens at the start of the prompt that are an adapter's. */
  int trained() {
    return trained;
  }

  /** The prompt; not to be changed. */
  int[] prompt() {
    return prompt;
  }

  /** Tokens that may still be made. */
  int left() {
    return most - made;
  }

  int[] ids(int from, int to) {
    return history.ids(from, to);
  }

  int last() {
    return history.id(history.length() - 1);
  }

  /** True the first time only. */
  boolean firstFeed() {
    boolean first = !fed;
    fed = true;
    return first;
  }

  /** What must agree with another sequence for their prompts to be shared. */
  PrefixScope scope(CausalLm model) {
    PrefixScope own = scope;
    if (own == null) {
      own = PrefixScope.of(model, adapters, salt);
      scope = own;
    }
    return own;
  }

  /** True if it goes on by the likeliest token, and nobody looks at the logits. */
  boolean wantsBest() {
    return sampler.takesBest() && params.logprobs() == null;
  }

  /** Takes what may follow the last token and goes one token on. */
  void advance(Steps.Row row) {
    Integer asked = params.logprobs();
    float[] logits = row.logits();
    int token;
    if (logits == null) {
      token = sampler.best(history, row.best());
    } else {
      token = sampler.next(history, asked == null ? logits : logits.clone());
    }
    made++;
    if (asked != null && logits != null) {
      logprobs.add(TokenLogprob.of(logits, token, asked));
    }
    if (ends(token)) {
      finish(FinishReason.STOP);
      return;
    }
    history.add(token);
    if (matcher != null) {
      matcher.accept(token);
    }
    if (decoder != null) {
      show(stop.push(decoder.push(token)));
    }
    if (stop.stopped()) {
      finish = FinishReason.STOP;
    } else if (matcher != null && matcher.over()) {
      // nothing but an end could follow; it is not waited for, since it may be ignored
      finish(FinishReason.STOP);
    } else if (made == most) {
      finish(FinishReason.LENGTH);
    }
  }

  private boolean ends(int token) {
    for (int end : ends) {
      if (end == token) {
        return true;
      }
    }
    return false;
  }

  /** Ends here; text that was held back is shown. */
  void finish(FinishReason reason) {
    if (decoder != null) {
      show(stop.push(decoder.finish()));
      if (!stop.stopped()) {
        show(stop.end());
      }
    }
    finish = stop.stopped() ? FinishReason.STOP : reason;
  }

  private void show(String piece) {
    if (!piece.isEmpty()) {
      text.append(piece);
      listener.accept(piece);
    }
  }

  Completion completion() {
    int prompt = history.promptLength();
    List<Integer> tokens = new ArrayList<>(history.length() - prompt);
    for (int i = prompt; i < history.length(); i++) {
      tokens.add(history.id(i));
    }
    FinishReason reason = finish == null ? FinishReason.CANCELLED : finish;
    return new Completion(tokens, text.toString(), reason, new Usage(prompt - trained, made), seed, logprobs);
  }
}
