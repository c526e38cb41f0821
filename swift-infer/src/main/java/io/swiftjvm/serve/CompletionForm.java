package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.infer.TokenLogprob;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Choices of {@code /v1/completions}. */
final class CompletionForm implements Form {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final TokenText tokens;
  private final boolean logprobs;
  private final @Nullable IntFunction<String> echo;
  private final Map<Integer, Integer> offsets = new HashMap<>();

  /**
   * Choices with log-probabilities or without.
   *
   * @param echo the prompt of a choice, which its text begins with; null = without
   */
  CompletionForm(TokenText tokens, boolean logprobs, @Nullable IntFunction<String> echo) {
    this.tokens = tokens;
    this.logprobs = logprobs;
    this.echo = echo;
  }

  @Override
  public String object() {
    return "text_completion";
  }

  @Override
  public String chunkObject() {
    return "text_completion";
  }

  @Override
  public ObjectNode choice(int index, String text, List<TokenLogprob> probabilities, String reason) {
    return delta(index, (echo == null ? "" : echo.apply(index)) + text, probabilities, reason);
  }

  @Override
  public @Nullable ObjectNode opening(int index) {
    return echo == null ? null : delta(index, echo.apply(index), List.of(), null);
  }

  @Override
  public ObjectNode delta(int index, String text, List<TokenLogprob> probabilities, @Nullable String reason) {
    ObjectNode choice = NODES.objectNode().put("index", index).put("text", text);
    choice.set("logprobs", logprobs ? lists(index, probabilities) : NullNode.instance);
    return choice.put("finish_reason", reason);
  }

  private JsonNode lists(int index, List<TokenLogprob> probabilities) {
    ObjectNode node = NODES.objectNode();
    ArrayNode texts = node.putArray("tokens");
    ArrayNode values = node.putArray("token_logprobs");
    ArrayNode top = node.putArray("top_logprobs");
    ArrayNode offset = node.putArray("text_offset");
    for (TokenLogprob one : probabilities) {
      String text = tokens.text(one.token());
      texts.add(text);
      values.add(ChatForm.finite(one.logprob()));
      ObjectNode best = top.addObject();
      one.top().forEach((id, logprob) -> best.put(tokens.text(id), ChatForm.finite(logprob)));
      offset.add(offsets.merge(index, text.length(), Integer::sum) - text.length());
    }
    return node;
  }
}
