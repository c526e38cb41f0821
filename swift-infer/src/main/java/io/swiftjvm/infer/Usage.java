package io.swiftjvm.infer;

/**
 * Tokens of one answer.
 *
 * @param promptTokens tokens of the prompt
 * @param completionTokens tokens that the model made, the end token included
 */
public record Usage(int promptTokens, int completionTokens) {
  public int totalTokens() {
    return promptTokens + completionTokens;
  }
}
