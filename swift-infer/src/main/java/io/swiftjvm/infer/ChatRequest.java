package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.grammar.Grammar;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A conversation that waits for its next answer.
 *
 * {@snippet :
 * ChatRequest r = ChatRequest.of("Hi").sampling(SamplingParams.GREEDY.maxTokens(64)).model("poet");
 * ChatRequest person = ChatRequest.of("Who wrote Faust?").grammar(Grammar.json(schema));
 * }
 *
 * @param messages each with {@code role} and {@code content}, 1 or more
 * @param sampling how to answer; null = as the engine was set up
 * @param model a name of {@link ChatEngine#models}; null = the first adapter, or the model itself where there is none
 * @param grammar the form of the answer; null = any
 */
public record ChatRequest(
    List<Map<String, Object>> messages, @Nullable SamplingParams sampling, @Nullable String model,
    @Nullable Grammar grammar) {
  public ChatRequest {
    messages = List.copyOf(messages);
    if (messages.isEmpty()) {
      throw new InvalidPlanException("A conversation has no messages. Give at least one of the user.");
    }
  }

  /** One message of the user. */
  public static ChatRequest of(String user) {
    return of(List.of(Map.of("role", "user", "content", user)));
  }

  /** A conversation. */
  public static ChatRequest of(List<Map<String, Object>> messages) {
    return new ChatRequest(messages, null, null, null);
  }

  /** Sets how to answer. Default: as the engine was set up. */
  public ChatRequest sampling(@Nullable SamplingParams value) {
    return new ChatRequest(messages, value, model, grammar);
  }

  /** Sets who answers. Default: the first adapter, or the model itself where there is none. */
  public ChatRequest model(@Nullable String value) {
    return new ChatRequest(messages, sampling, value, grammar);
  }

  /** Sets the form of the answer. Default: any. Servers elsewhere take JSON, some patterns, choices and rules too. */
  public ChatRequest grammar(@Nullable Grammar value) {
    return new ChatRequest(messages, sampling, model, value);
  }

  /** The same with a system message before the others, unless there is one or {@code text} is null or empty. */
  public ChatRequest system(@Nullable String text) {
    if (text == null || text.isEmpty() || "system".equals(messages.getFirst().get("role"))) {
      return this;
    }
    List<Map<String, Object>> all = new ArrayList<>(messages);
    all.addFirst(Map.of("role", "system", "content", text));
    return new ChatRequest(all, sampling, model, grammar);
  }
}
