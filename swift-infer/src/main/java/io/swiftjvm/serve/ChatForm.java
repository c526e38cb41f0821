package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.infer.TokenLogprob;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Choices of {@code /v1/chat/completions}. */
final class ChatForm implements Form {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final TokenText tokens;
  private final boolean logprobs;

  /** Choices with log-probabilities or without. */
  ChatForm(TokenText tokens, boolean logprobs) {
    this.tokens = tokens;
    this.logprobs = logprobs;
  }

  @Override
  public String object() {
    return "chat.completion";
  }

  @Override
  public String chunkObject() {
    return "chat.completion.chunk";
  }

  @Override
  public ObjectNode choice(int index, String text, List<TokenLogprob> probabilities, String reason) {
    ObjectNode choice = NODES.objectNode().put("index", index);
    choice.putObject("message").put("role", "assistant").put("content", text).putNull("refusal");
    choice.set("logprobs", content(probabilities));
    return choice.put("finish_reason", reason);
  }

  @Override
  public ObjectNode opening(int index) {
    ObjectNode choice = NODES.objectNode().put("index", index);
    choice.putObject("delta").put("role", "assistant").put("content", "");
    return choice.putNull("logprobs").putNull("finish_reason");
  }

  @Override
  public ObjectNode delta(int index, String text, List<TokenLogprob> probabilities, @Nullable String reason) {
    ObjectNode choice = NODES.objectNode().put("index", index);
    ObjectNode delta = choice.putObject("delta");
    if (!text.isEmpty()) {
      delta.put("content", text);
    }
    choice.set("logprobs", probabilities.isEmpty() ? NullNode.instance : content(probabilities));
    return choice.put("finish_reason", reason);
  }

  private JsonNode content(List<TokenLogprob> probabilities) {
    if (!logprobs) {
      return NullNode.instance;
    }
    ArrayNode list = NODES.arrayNode();
    for (TokenLogprob one : probabilities) {
      ObjectNode token = token(one.token(), one.logprob());
      ArrayNode top = token.putArray("top_logprobs");
      one.top().forEach((id, logprob) -> top.add(token(id, logprob)));
      list.add(token);
    }
    ObjectNode content = NODES.objectNode();
    content.set("content", list);
    return content.putNull("refusal");
  }

  private ObjectNode token(int id, double logprob) {
    ObjectNode token = NODES.objectNode().put("token", tokens.text(id)).put("logprob", finite(logprob));
    ArrayNode bytes = token.putArray("bytes");
    for (byte b : tokens.bytes(id)) {
      bytes.add(b & 0xFF);
    }
    return token;
  }

  /** OpenAI's way to write what JSON has no number for; rounding may put a certain token above 0. */
  static double finite(double logprob) {
    return Math.min(0, Math.max(-9999, logprob));
  }
}
