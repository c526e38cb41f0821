package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.GenerationConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the next token is chosen and when an answer ends. Settings that are null are those of the model's
 * {@code generation_config.json}, see {@link #resolve}.
 *
 * {@snippet :
 * SamplingParams p = SamplingParams.DEFAULT.maxTokens(64).temperature(0.7).topP(0.9).seed(1L).stop(List.of("\n"));
 * }
 *
 * @param maxTokens most tokens of the answer, 1 or more; null = {@code max_new_tokens}, else what the model has room
 *     for
 * @param temperature 0 = greedy, else over 0; null = greedy unless {@code do_sample}, then its temperature or 1
 * @param topK keep the k greatest, 0 = all; null = {@code top_k} or 0
 * @param topP keep this share of the probability, over 0 up to 1; null = {@code top_p} or 1
 * @param minP drop what is below this part of the greatest, 0 .. 1; null = {@code min_p} or 0
 * @param repetitionPenalty over 0, 1 = off; null = {@code repetition_penalty} or 1
 * @param presencePenalty -2 .. 2, taken once from tokens of the answer so far. Default: 0
 * @param frequencyPenalty -2 .. 2, taken for each time they came. Default: 0
 * @param noRepeatNgram no so many tokens come twice in the same order, 0 = off. Default: 0
 * @param minTokens the answer does not end before. Default: 0
 * @param seed the same seed gives the same answer; null = a fresh one, which the answer tells
 * @param stop texts that end the answer: at most 16 of 1 .. 256 chars
 * @param stopTokenIds tokens that end the answer beside the model's own; they leave no text
 * @param includeStop keep the stop text in the answer, as ms-swift does. Default: false, as in the OpenAI API
 * @param ignoreEos the model's end tokens do not end the answer. Default: false
 * @param logprobs tell the log-probability of each token and of so many best ones, 0 .. 20; null = none
 */
public record SamplingParams(
    @Nullable Integer maxTokens, @Nullable Double temperature, @Nullable Integer topK, @Nullable Double topP,
    @Nullable Double minP, @Nullable Double repetitionPenalty, double presencePenalty, double frequencyPenalty,
    int noRepeatNgram, int minTokens, @Nullable Long seed, List<String> stop, List<Integer> stopTokenIds,
    boolean includeStop, boolean ignoreEos, @Nullable Integer logprobs) {
  /** Everything as the model says. */
  public static final SamplingParams DEFAULT = new SamplingParams(
      null, null, null, null, null, null, 0, 0, 0, 0, null, List.of(), List.of(), false, false, null);

  /** The most probable token each time, whatever the model says. */
  public static final SamplingParams GREEDY = DEFAULT.temperature(0.0);

  private static final int STOPS = 16;
  private static final int STOP_LENGTH = 256;
  private static final int LOGPROBS = 20;

  public SamplingParams {
    stop = List.copyOf(stop);
    stopTokenIds = List.copyOf(stopTokenIds);
    check("maxTokens", maxTokens, 1, Integer.MAX_VALUE);
    check("temperature", temperature, 0, 1e6);
    check("topK", topK, 0, Integer.MAX_VALUE);
    check("topP", topP, 1e-6, 1);
    check("minP", minP, 0, 1);
    check("repetitionPenalty", repetitionPenalty, 1e-6, 1e6);
    check("presencePenalty", presencePenalty, -2, 2);
    check("frequencyPenalty", frequencyPenalty, -2, 2);
    check("noRepeatNgram", noRepeatNgram, 0, Integer.MAX_VALUE);
    check("minTokens", minTokens, 0, maxTokens == null ? Integer.MAX_VALUE : maxTokens);
    check("logprobs", logprobs, 0, LOGPROBS);
    check("number of stop texts", stop.size(), 0, STOPS);
    stop.forEach(text -> check("length of a stop text", text.length(), 1, STOP_LENGTH));
    stopTokenIds.forEach(id -> check("stopTokenIds", id, 0, Integer.MAX_VALUE));
  }

  private static void check(String what, @Nullable Number value, double least, double most) {
    if (value != null && !(value.doubleValue() >= least && value.doubleValue() <= most)) {
      throw new InvalidPlanException("sampling: " + what + " is " + value + "; it must be " + number(least)
          + (most == Integer.MAX_VALUE ? " or more." : " .. " + number(most) + "."));
    }
  }

  private static String number(double x) {
    return x == Math.rint(x) ? String.valueOf((long) x) : String.valueOf(x);
  }

  /**
   * These settings with the model's for those that are null. Greedy decoding gets temperature 0; only maxTokens, seed
   * and logprobs may still be null.
   */
  public SamplingParams resolve(GenerationConfig model) {
    boolean sample = temperature != null ? temperature > 0 : model.doSample().orElse(false);
    double heat = temperature != null ? temperature : model.temperature().orElse(1);
    Integer most = maxTokens == null && model.maxNewTokens().isPresent()
        ? Integer.valueOf(Math.max(minTokens, model.maxNewTokens().getAsInt())) : maxTokens;
    return new SamplingParams(
        most,
        sample ? heat : 0,
        topK != null ? topK : model.topK().orElse(0),
        topP != null ? topP : model.topP().orElse(1),
        minP != null ? minP : model.minP().orElse(0),
        repetitionPenalty != null ? repetitionPenalty : model.repetitionPenalty().orElse(1),
        presencePenalty, frequencyPenalty, noRepeatNgram, minTokens, seed, stop, stopTokenIds, includeStop, ignoreEos,
        logprobs);
  }

  /** True if the most probable token is taken; false while that is left to the model. */
  public boolean greedy() {
    return temperature != null && temperature == 0;
  }

  /** Sets the most tokens. Default: the model's. Legal: 1 or more. */
  public SamplingParams maxTokens(@Nullable Integer value) {
    return new SamplingParams(value, temperature, topK, topP, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, seed, stop, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets the temperature. Default: the model's. Legal: 0 (greedy) or more. */
  public SamplingParams temperature(@Nullable Double value) {
    return new SamplingParams(maxTokens, value, topK, topP, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, seed, stop, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets how many tokens are kept. Default: the model's. Legal: 0 (all) or more. */
  public SamplingParams topK(@Nullable Integer value) {
    return new SamplingParams(maxTokens, temperature, value, topP, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, seed, stop, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets the share of the probability that is kept. Default: the model's. Legal: over 0 up to 1. */
  public SamplingParams topP(@Nullable Double value) {
    return new SamplingParams(maxTokens, temperature, topK, value, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, seed, stop, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets the least part of the greatest probability. Default: the model's. Legal: 0 .. 1. */
  public SamplingParams minP(@Nullable Double value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, value, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, seed, stop, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets the penalty on tokens of prompt and answer. Default: the model's. Legal: over 0; 1 = off. */
  public SamplingParams repetitionPenalty(@Nullable Double value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, minP, value, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, seed, stop, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets what tokens of the answer lose once. Default: 0. Legal: -2 .. 2. */
  public SamplingParams presencePenalty(double value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, minP, repetitionPenalty, value,
        frequencyPenalty, noRepeatNgram, minTokens, seed, stop, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets what tokens of the answer lose each time. Default: 0. Legal: -2 .. 2. */
  public SamplingParams frequencyPenalty(double value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, minP, repetitionPenalty, presencePenalty,
        value, noRepeatNgram, minTokens, seed, stop, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets how many tokens may not come again in the same order. Default: 0, off. */
  public SamplingParams noRepeatNgram(int value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, value, minTokens, seed, stop, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets the least tokens. Default: 0. Legal: 0 .. maxTokens. */
  public SamplingParams minTokens(int value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, value, seed, stop, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets the seed. Default: a fresh one each time. */
  public SamplingParams seed(@Nullable Long value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, value, stop, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets the texts that end an answer. Default: none. Legal: at most 16 of 1 .. 256 chars. */
  public SamplingParams stop(List<String> value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, seed, value, stopTokenIds, includeStop, ignoreEos, logprobs);
  }

  /** Sets further end tokens. Default: none. */
  public SamplingParams stopTokenIds(List<Integer> value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, seed, stop, value, includeStop, ignoreEos, logprobs);
  }

  /** Sets whether a stop text stays in the answer. Default: false. */
  public SamplingParams includeStop(boolean value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, seed, stop, stopTokenIds, value, ignoreEos, logprobs);
  }

  /** Sets whether the model's end tokens are passed over. Default: false. */
  public SamplingParams ignoreEos(boolean value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, seed, stop, stopTokenIds, includeStop, value, logprobs);
  }

  /** Sets how many best log-probabilities are told. Default: none. Legal: 0 .. 20. */
  public SamplingParams logprobs(@Nullable Integer value) {
    return new SamplingParams(maxTokens, temperature, topK, topP, minP, repetitionPenalty, presencePenalty,
        frequencyPenalty, noRepeatNgram, minTokens, seed, stop, stopTokenIds, includeStop, ignoreEos, value);
  }
}
