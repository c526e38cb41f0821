package io.swiftjvm.infer;

import io.swiftjvm.text.StreamDecoder;
import io.swiftjvm.text.Tokenizer;
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
  private final Set<Integer> ends;
  private final Sampler sampler;
  private final TokenHistory history;
  private final @Nullable StreamDecoder decoder;
  private final StopText stop;
  private final Consumer<String> listener;
  private final StringBuilder text = new StringBuilder();
  private final List<TokenLogprob> logprobs = new ArrayList<>();
  private int made;
  private int slot = -1;
  private @Nullable FinishReason finish;

  /**
   * A sequence at its prompt.
   *
   * @param most tokens that may be made
   * @param ends tokens that end it
   */
  Sequence(
      int index, TokenHistory history, List<String> adapters, SamplingParams params, long seed, int most,
      Set<Integer> ends, Sampler sampler, @Nullable Tokenizer tokenizer, Consumer<String> listener) {
    this.index = index;
    this.history = history;
    this.adapters = adapters;
    this.params = params;
    this.seed = seed;
    this.most = most;
    this.ends = ends;
    this.sampler = sampler;
    this.decoder = tokenizer == null ? null : tokenizer.streamDecoder(true);
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

  /** Tokens that the cache, which holds {@code cached}, has not seen. */
  int pending(int cached) {
    return history.length() - cached;
  }

  /** The next {@code count} tokens for the cache. */
  int[] feed(int cached, int count) {
    return history.ids(cached, cached + count);
  }

  /** Takes the logits behind the last token and goes one token on. */
  void advance(float[] logits) {
    Integer asked = params.logprobs();
    float[] scores = asked == null ? logits : logits.clone();
    int token = sampler.next(history, scores);
    made++;
    if (asked != null) {
      logprobs.add(TokenLogprob.of(logits, token, asked));
    }
    if (ends.contains(token)) {
      finish(FinishReason.STOP);
      return;
    }
    history.add(token);
    if (decoder != null) {
      show(stop.push(decoder.push(token)));
    }
    if (stop.stopped()) {
      finish = FinishReason.STOP;
    } else if (made == most) {
      finish(FinishReason.LENGTH);
    }
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
    List<Integer> tokens = new ArrayList<>();
    for (int i = prompt; i < history.length(); i++) {
      tokens.add(history.id(i));
    }
    FinishReason reason = finish == null ? FinishReason.CANCELLED : finish;
    return new Completion(tokens, text.toString(), reason, new Usage(prompt, made), seed, logprobs);
  }
}
