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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Choices of {@code /v1/chat/completions}. */
final class ChatForm implements Form {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final TokenText tokens;
  private final boolean logprobs;
  private final Supplier<AnswerReader> reader;
  private final Map<Integer, AnswerReader> readers = new HashMap<>();

  /**
   * Choices with log-probabilities or without.
   *
   * @param reader makes one for each choice
   */
  ChatForm(TokenText tokens, boolean logprobs, Supplier<AnswerReader> reader) {
    this.tokens = tokens;
    this.logprobs = logprobs;
    this.reader = reader;
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
    AnswerReader own = reader.get();
    AnswerReader.Shown first = own.push(text);
    AnswerReader.Shown rest = own.end();
    String content = first.content() + rest.content();
    ObjectNode message = choice.putObject("message").put("role", "assistant");
    message.put("content", content.isEmpty() && own.called() ? null : content).putNull("refusal");
    String thoughts = first.thoughts() + rest.thoughts();
    if (!thoughts.isEmpty()) {
      message.put("reasoning_content", thoughts);
    }
    if (own.called()) {
      ArrayNode calls = message.putArray("tool_calls");
      first.calls().forEach(piece -> add(calls, piece));
      rest.calls().forEach(piece -> add(calls, piece));
    }
    choice.set("logprobs", content(probabilities));
    return choice.put("finish_reason", reason(own, reason));
  }

  /** Puts the pieces of calls together. */
  private static void add(ArrayNode calls, ToolReader.Piece piece) {
    if (piece.name() != null) {
      call(calls.addObject(), piece.name());
    }
    ObjectNode function = (ObjectNode) calls.get(piece.index()).get("function");
    function.put("arguments", function.path("arguments").asText() + piece.arguments());
  }

  private static void call(ObjectNode call, String name) {
    call.put("id", Work.newId("call_")).put("type", "function").putObject("function").put("name", name)
        .put("arguments", "");
  }

  private static String reason(AnswerReader own, String reason) {
    return own.called() && reason.equals("stop") ? "tool_calls" : reason;
  }

  @Override
  public ObjectNode opening(int index) {
    ObjectNode choice = NODES.objectNode().put("index", index);
    choice.putObject("delta").put("role", "assistant").put("content", "");
    return choice.putNull("logprobs").putNull("finish_reason");
  }

  @Override
  public @Nullable ObjectNode delta(
      int index, String text, List<TokenLogprob> probabilities, @Nullable String reason) {
    AnswerReader own = readers.computeIfAbsent(index, i -> reader.get());
    AnswerReader.Shown shown = reason == null ? own.push(text) : own.end();
    if (shown.isEmpty() && probabilities.isEmpty() && reason == null) {
      return null;
    }
    ObjectNode choice = NODES.objectNode().put("index", index);
    ObjectNode delta = choice.putObject("delta");
    if (!shown.thoughts().isEmpty()) {
      delta.put("reasoning_content", shown.thoughts());
    }
    if (!shown.content().isEmpty()) {
      delta.put("content", shown.content());
    }
    for (ToolReader.Piece piece : shown.calls()) {
      ObjectNode call = delta.withArray("tool_calls").addObject().put("index", piece.index());
      if (piece.name() == null) {
        call.putObject("function").put("arguments", piece.arguments());
      } else {
        call(call, piece.name());
      }
    }
    choice.set("logprobs", probabilities.isEmpty() ? NullNode.instance : content(probabilities));
    return choice.put("finish_reason", reason == null ? null : reason(own, reason));
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
