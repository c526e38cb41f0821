package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.grammar.Grammar;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One prompt to be continued.
 *
 * @param prompt token ids, 1 or more
 * @param sampling how to continue it
 * @param adapters names of the adapters to answer with, none = the bare model; null = {@code default} where it is
 *     attached
 * @param processors further processors, run behind those of {@code sampling} that penalise and before the temperature;
 *     they must not be shared between requests if they keep state
 * @param cacheSalt prompts share work only with prompts of the same salt, so that nobody can find out from the time an
 *     answer takes what others asked; null is a salt of its own
 * @param grammar the form of the answer, null = any; needs an engine with a tokenizer
 * @param specialTokens whether special tokens show in the text of the answer; those that end it never do
 */
@SuppressWarnings("ArrayRecordComponent") // copied on the way in and out, equality by content
public record GenerateRequest(
    int[] prompt, SamplingParams sampling, @Nullable List<String> adapters, List<LogitsProcessor> processors,
    @Nullable String cacheSalt, @Nullable Grammar grammar, boolean specialTokens) {
  /** A request without a salt, for an answer in any form. */
  public GenerateRequest(
      int[] prompt, SamplingParams sampling, @Nullable List<String> adapters, List<LogitsProcessor> processors) {
    this(prompt, sampling, adapters, processors, null, null, false);
  }

  public GenerateRequest {
    prompt = prompt.clone();
    adapters = adapters == null ? null : List.copyOf(adapters);
    processors = List.copyOf(processors);
    if (prompt.length == 0) {
      throw new InvalidPlanException("A prompt has no tokens. Give at least one, for instance the tokenizer's bos.");
    }
  }

  /** A prompt as the model's defaults continue it. */
  public static GenerateRequest of(int... prompt) {
    return new GenerateRequest(prompt, SamplingParams.DEFAULT, null, List.of());
  }

  /** The ids. */
  @Override
  public int[] prompt() {
    return prompt.clone();
  }

  /** Sets how to continue. Default: as the model says. */
  public GenerateRequest sampling(SamplingParams value) {
    return new GenerateRequest(prompt, value, adapters, processors, cacheSalt, grammar, specialTokens);
  }

  /** Sets the adapters; none = the bare model. Default: {@code default} where it is attached. */
  public GenerateRequest adapters(@Nullable List<String> names) {
    return new GenerateRequest(prompt, sampling, names, processors, cacheSalt, grammar, specialTokens);
  }

  /** {@link #adapters(List)} by name; an empty array is the bare model. */
  public GenerateRequest adapters(String... names) {
    return adapters(List.of(names));
  }

  /** Sets further processors. Default: none. */
  public GenerateRequest processors(List<LogitsProcessor> value) {
    return new GenerateRequest(prompt, sampling, adapters, value, cacheSalt, grammar, specialTokens);
  }

  /** Sets the salt. Default: null. */
  public GenerateRequest cacheSalt(@Nullable String value) {
    return new GenerateRequest(prompt, sampling, adapters, processors, value, grammar, specialTokens);
  }

  /** Sets the form of the answer. Default: any. */
  public GenerateRequest grammar(@Nullable Grammar value) {
    return new GenerateRequest(prompt, sampling, adapters, processors, cacheSalt, value, specialTokens);
  }

  /** The answer is JSON that a schema describes, see {@link Grammar#json(String)}. */
  public GenerateRequest json(String schema) {
    return grammar(Grammar.json(schema));
  }

  /** The answer matches a regular expression as a whole, see {@link Grammar#regex}. */
  public GenerateRequest regex(String pattern) {
    return grammar(Grammar.regex(pattern));
  }

  /** The answer is one of some texts. */
  public GenerateRequest choice(String... texts) {
    return grammar(Grammar.choice(List.of(texts)));
  }

  /** Sets whether special tokens show in the text. Default: false. */
  public GenerateRequest specialTokens(boolean value) {
    return new GenerateRequest(prompt, sampling, adapters, processors, cacheSalt, grammar, value);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GenerateRequest that && Arrays.equals(prompt, that.prompt)
        && sampling.equals(that.sampling) && Objects.equals(adapters, that.adapters)
        && processors.equals(that.processors) && Objects.equals(cacheSalt, that.cacheSalt)
        && Objects.equals(grammar, that.grammar) && specialTokens == that.specialTokens;
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(prompt) + sampling.hashCode();
  }

  @Override
  public String toString() {
    return prompt.length + " tokens, " + sampling + (adapters == null ? "" : ", adapters " + adapters);
  }
}
