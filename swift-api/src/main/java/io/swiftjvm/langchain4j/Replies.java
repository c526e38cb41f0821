package io.swiftjvm.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import io.swiftjvm.serve.LocalApi;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the API answers, in LangChain4j's words. */
final class Replies {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Replies() {}

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new InternalServerException("The answer is no JSON: " + text, e);
    }
  }

  /** Posts a body; errors become exceptions. */
  static JsonNode post(LocalApi api, String path, ObjectNode body, LocalApi.Events events) {
    LocalApi.Reply reply = api.post(path, body.toString(), events);
    JsonNode json = reply.body().isEmpty() ? JSON.createObjectNode() : json(reply.body());
    check(reply.status(), json);
    return json;
  }

  /** Throws what an answer tells, if it tells an error. */
  static void check(int status, JsonNode json) {
    if (status >= 400 || json.has("error")) {
      throw failure(status, json.path("error"));
    }
  }

  static LangChain4jException failure(int status, JsonNode error) {
    String message = error.path("message").asText("The request failed with status " + status + ".");
    return switch (status) {
      case 400 -> error.path("code").asText().equals("unsupported_parameter")
          ? new UnsupportedFeatureException(message) : new InvalidRequestException(message);
      case 404 -> new ModelNotFoundException(message);
      case 429 -> new RateLimitException(message);
      default -> new InternalServerException(message);
    };
  }

  static ChatResponse response(JsonNode completion) {
    JsonNode choice = completion.at("/choices/0");
    JsonNode message = choice.path("message");
    List<ToolExecutionRequest> calls = new ArrayList<>();
    for (JsonNode call : message.path("tool_calls")) {
      calls.add(call(call.path("id").asText(), call.at("/function/name").asText(),
          call.at("/function/arguments").asText()));
    }
    return response(completion, text(message, "content"), text(message, "reasoning_content"), calls,
        choice.path("finish_reason").asText(), completion.path("usage"));
  }

  private static @Nullable String text(JsonNode message, String name) {
    return message.hasNonNull(name) ? message.path(name).asText() : null;
  }

  static ToolExecutionRequest call(String id, String name, String arguments) {
    return ToolExecutionRequest.builder().id(id).name(name).arguments(arguments).build();
  }

  /** A complete answer; {@code head} has its id and model. */
  static ChatResponse response(
      JsonNode head, @Nullable String text, @Nullable String thinking, List<ToolExecutionRequest> calls, String reason,
      JsonNode usage) {
    AiMessage.Builder message = AiMessage.builder().thinking(thinking).toolExecutionRequests(calls);
    boolean says = text != null && (!text.isEmpty() || calls.isEmpty());
    return ChatResponse.builder().id(head.path("id").asText()).modelName(head.path("model").asText())
        .aiMessage((says ? message.text(text) : message).build()).tokenUsage(usage(usage))
        .finishReason(finish(reason)).build();
  }

  static TokenUsage usage(JsonNode usage) {
    return new TokenUsage(usage.path("prompt_tokens").asInt(), usage.path("completion_tokens").asInt(),
        usage.path("total_tokens").asInt());
  }

  private static FinishReason finish(String reason) {
    return switch (reason) {
      case "stop" -> FinishReason.STOP;
      case "length" -> FinishReason.LENGTH;
      case "tool_calls" -> FinishReason.TOOL_EXECUTION;
      default -> FinishReason.OTHER;
    };
  }
}
