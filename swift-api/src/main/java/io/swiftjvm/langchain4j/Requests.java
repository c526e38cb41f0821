package io.swiftjvm.langchain4j;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** LangChain4j's requests as bodies of the API. What has no counterpart is refused, nothing is passed over. */
final class Requests {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Requests() {}

  /** A chat completion; {@code model} where the request names none. */
  static ObjectNode chat(ChatRequest request, String model) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("model", request.modelName() == null ? model : request.modelName());
    messages(request.messages(), body.putArray("messages"));
    put(body, "temperature", request.temperature());
    put(body, "top_p", request.topP());
    put(body, "top_k", request.topK());
    put(body, "frequency_penalty", request.frequencyPenalty());
    put(body, "presence_penalty", request.presencePenalty());
    put(body, "max_completion_tokens", request.maxOutputTokens());
    put(body, "stop", request.stopSequences());
    tools(request, body);
    format(request.responseFormat(), body);
    return body;
  }

  private static void put(ObjectNode body, String name, @Nullable Object value) {
    boolean nothing = value == null || (value instanceof List<?> list && list.isEmpty());
    if (!nothing) {
      body.set(name, JSON.valueToTree(value));
    }
  }

  static void messages(Iterable<? extends ChatMessage> messages, ArrayNode out) {
    for (ChatMessage message : messages) {
      ObjectNode node = out.addObject();
      switch (message) {
        case SystemMessage system -> node.put("role", "system").put("content", system.text());
        case UserMessage user -> {
          node.put("role", "user").put("content", text(user.contents()));
          put(node, "name", user.name());
        }
        case AiMessage ai -> {
          node.put("role", "assistant").put("content", ai.text() == null ? "" : ai.text());
          put(node, "reasoning_content", ai.thinking());
          calls(ai, node);
        }
        case ToolExecutionResultMessage result ->
          node.put("role", "tool").put("tool_call_id", result.id()).put("content", text(result.contents()));
        default -> throw new UnsupportedFeatureException("Messages of type " + message.type() + " are not supported.");
      }
    }
  }

  private static String text(List<Content> contents) {
    StringBuilder all = new StringBuilder();
    for (Content content : contents) {
      if (!(content instanceof TextContent text)) {
        throw new UnsupportedFeatureException(
            "Content of type " + content.type() + " is not supported: the model reads text only.");
      }
      all.append(all.isEmpty() ? "" : "\n").append(text.text());
    }
    return all.toString();
  }

  private static void calls(AiMessage message, ObjectNode node) {
    if (!message.hasToolExecutionRequests()) {
      return;
    }
    ArrayNode calls = node.putArray("tool_calls");
    for (ToolExecutionRequest request : message.toolExecutionRequests()) {
      ObjectNode call = calls.addObject().put("type", "function");
      put(call, "id", request.id());
      call.putObject("function").put("name", request.name())
          .put("arguments", request.arguments() == null ? "{}" : request.arguments());
    }
  }

  private static void tools(ChatRequest request, ObjectNode body) {
    if (request.toolSpecifications() == null || request.toolSpecifications().isEmpty()) {
      return;
    }
    ArrayNode tools = body.putArray("tools");
    for (ToolSpecification tool : request.toolSpecifications()) {
      ObjectNode function = tools.addObject().put("type", "function").putObject("function").put("name", tool.name());
      put(function, "description", tool.description());
      if (tool.parameters() != null) {
        put(function, "parameters", JsonSchemaElementUtils.toMap(tool.parameters()));
      }
      put(function, "strict", tool.strict());
    }
    if (request.toolChoice() != null) {
      body.put("tool_choice", request.toolChoice().name().toLowerCase(Locale.ROOT));
    }
  }

  private static void format(@Nullable ResponseFormat format, ObjectNode body) {
    if (format == null || format.type() == ResponseFormatType.TEXT) {
      return;
    }
    ObjectNode out = body.putObject("response_format");
    if (format.jsonSchema() == null) {
      out.put("type", "json_object");
      return;
    }
    ObjectNode schema = out.put("type", "json_schema").putObject("json_schema")
        .put("name", format.jsonSchema().name() == null ? "answer" : format.jsonSchema().name()).put("strict", true);
    put(schema, "schema", JsonSchemaElementUtils.toMap(format.jsonSchema().rootElement()));
  }
}
