package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.INTEGER;
import static io.swiftjvm.plan.Argument.Kind.NUMBER;
import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.TEXTS;
import static io.swiftjvm.plan.ModelArguments.strings;
import static io.swiftjvm.plan.ModelArguments.toInt;

import io.swiftjvm.tuner.TunerMethod;
import java.util.List;

/** Arguments about how answers are sampled. */
final class SamplingArguments {
  static final List<Argument> LIST = List.of(
      Argument.of("max_new_tokens", INTEGER, "Most tokens of an answer; unset = the model's.",
          s -> s.sampling().maxTokens(),
          (s, v) -> s.sampling(p -> p.maxTokens(toInt("max_new_tokens", v)))),
      Argument.of("temperature", NUMBER, "0 = greedy; unset = the model's.",
          s -> s.sampling().temperature(), (s, v) -> s.sampling(p -> p.temperature((Double) v))),
      Argument.of("top_k", INTEGER, "Keep the k most probable; 0 = all.",
          s -> s.sampling().topK(), (s, v) -> s.sampling(p -> p.topK(Math.max(0, toInt("top_k", v))))),
      Argument.of("top_p", NUMBER, "Keep this share of the probability.",
          s -> s.sampling().topP(), (s, v) -> s.sampling(p -> p.topP((Double) v))),
      Argument.of("min_p", NUMBER, "Drop what is below this part of the greatest.",
          s -> s.sampling().minP(), (s, v) -> s.sampling(p -> p.minP((Double) v))),
      Argument.of("repetition_penalty", NUMBER, "Over tokens of prompt and answer; 1 = off.",
          s -> s.sampling().repetitionPenalty(), (s, v) -> s.sampling(p -> p.repetitionPenalty((Double) v))),
      Argument.of("presence_penalty", NUMBER, "Taken once from tokens of the answer.",
          s -> s.sampling().presencePenalty(), (s, v) -> s.sampling(p -> p.presencePenalty((Double) v))),
      Argument.of("frequency_penalty", NUMBER, "Taken for each time they came.",
          s -> s.sampling().frequencyPenalty(), (s, v) -> s.sampling(p -> p.frequencyPenalty((Double) v))),
      Argument.of("sampling_seed", INTEGER, "The same seed gives the same answer.",
          s -> s.sampling().seed(), (s, v) -> s.sampling(p -> p.seed((Long) v))),
      Argument.of("stop_words", TEXTS, "Texts that end an answer.",
          s -> s.sampling().stop(), (s, v) -> s.sampling(p -> p.stop(strings(v))), "stop"),
      Argument.of("ignore_eos", SWITCH, "The model's end tokens do not end an answer.",
          s -> s.sampling().ignoreEos() ? Boolean.TRUE : null,
          (s, v) -> s.sampling(p -> p.ignoreEos((Boolean) v))),
      Argument.of("min_new_tokens", INTEGER, "Fewest tokens of an answer.", s -> s.sampling().minTokens(),
          (s, v) -> s.sampling(p -> p.minTokens(toInt("min_new_tokens", v)))),
      Argument.of("no_repeat_ngram_size", INTEGER, "No run of so many tokens comes twice; 0 = off.",
          s -> s.sampling().noRepeatNgram(),
          (s, v) -> s.sampling(p -> p.noRepeatNgram(toInt("no_repeat_ngram_size", v)))),
      Argument.of("stop_token_ids", TEXTS, "Token ids that end an answer.", s -> s.sampling().stopTokenIds(),
          (s, v) -> s.sampling(p -> p.stopTokenIds(TunerMethod.integers("stop_token_ids", strings(v))))),
      Argument.of("include_stop", SWITCH, "Keep the text that ended the answer.",
          s -> s.sampling().includeStop() ? Boolean.TRUE : null,
          (s, v) -> s.sampling(p -> p.includeStop((Boolean) v))),
      Argument.of("top_logprobs", INTEGER, "Report so many most probable tokens at every place.",
          s -> s.sampling().logprobs(),
          (s, v) -> s.sampling(p -> p.logprobs(toInt("top_logprobs", v)))));

  private SamplingArguments() {}
}
