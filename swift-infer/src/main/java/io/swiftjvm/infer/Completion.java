package io.swiftjvm.infer;

import java.util.List;

/**
 * One answer.
 *
 * @param tokens ids without the end token
 * @param text their text, up to the stop text; empty where the engine has no tokenizer
 * @param finishReason why it ended
 * @param usage tokens counted
 * @param seed what the tokens were drawn with; the same seed gives the same answer
 * @param logprobs one entry for each token that was chosen, where they were asked for
 */
public record Completion(
    List<Integer> tokens, String text, FinishReason finishReason, Usage usage, long seed, List<TokenLogprob> logprobs) {
  public Completion {
    tokens = List.copyOf(tokens);
    logprobs = List.copyOf(logprobs);
  }
}
