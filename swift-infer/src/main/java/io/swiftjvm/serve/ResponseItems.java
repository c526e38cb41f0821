package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The objects of {@code /v1/responses}: a response, and the items of its output. */
final class ResponseItems {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final Fields request;
  private final double temperature;
  private final double topP;

  /** Objects for one request, with the sampling that it got. */
  ResponseItems(Fields request, double temperature, double topP) {
    this.request = request;
    this.temperature = temperature;
    this.topP = topP;
  }

  /** A response without its output; {@code completion} is a chat completion or a chunk of one. */
  ObjectNode response(JsonNode completion, String status, ArrayNode output) {
    ObjectNode out = NODES.objectNode().put("id", "resp_" + id(completion)).put("object", "response")
        .put("created_at", completion.path("created").asLong()).put("status", status)
        .put("model", completion.path("model").asText()).put("background", false);
    out.putNull("error").putNull("incomplete_details").putNull("previous_response_id");
    for (String name : new String[] {"instructions", "max_output_tokens", "user"}) {
      out.set(name, request.has(name) ? request.get(name) : NODES.nullNode());
    }
    out.set("output", output);
    out.put("store", false).put("temperature", temperature).put("top_p", topP).put("truncation", "disabled");
    out.set("parallel_tool_calls", or("parallel_tool_calls", NODES.booleanNode(true)));
    out.set("tool_choice", or("tool_choice", NODES.textNode("auto")));
    out.set("tools", or("tools", NODES.arrayNode()));
    out.set("metadata", or("metadata", NODES.objectNode()));
    out.set("text", or("text", NODES.objectNode().set("format", NODES.objectNode().put("type", "text"))));
    out.set("reasoning", or("reasoning", NODES.objectNode().putNull("effort").putNull("summary")));
    return out.putNull("usage");
  }

  private JsonNode or(String name, JsonNode absent) {
    JsonNode value = request.get(name);
    return value == null ? absent : value;
  }

  /** The response to a complete answer. */
  ObjectNode finished(JsonNode completion, String reason, JsonNode usage, ArrayNode output) {
    boolean cut = reason.equals("length");
    ObjectNode out = response(completion, cut ? "incomplete" : "completed", output);
    if (cut) {
      out.putObject("incomplete_details").put("reason", "max_output_tokens");
    }
    out.set("usage", usage(usage));
    return out;
  }

  private static ObjectNode usage(JsonNode chat) {
    ObjectNode out = NODES.objectNode().put("input_tokens", chat.path("prompt_tokens").asInt());
    out.putObject("input_tokens_details")
        .put("cached_tokens", chat.at("/prompt_tokens_details/cached_tokens").asInt()).put("cache_write_tokens", 0);
    out.put("output_tokens", chat.path("completion_tokens").asInt());
    out.putObject("output_tokens_details")
        .put("reasoning_tokens", chat.at("/completion_tokens_details/reasoning_tokens").asInt());
    return out.put("total_tokens", chat.path("total_tokens").asInt());
  }

  /** What ids of a response and its items share. */
  static String id(JsonNode completion) {
    String id = completion.path("id").asText();
    return id.substring(id.indexOf('-') + 1);
  }

  static ObjectNode message(String id, String status, ArrayNode content) {
    ObjectNode item =
        NODES.objectNode().put("id", id).put("type", "message").put("status", status).put("role", "assistant");
    item.set("content", content);
    return item;
  }

  /** The text of a message; {@code logprobs} as chat completions have them, or missing. */
  static ObjectNode text(String text, JsonNode logprobs) {
    ObjectNode part = NODES.objectNode().put("type", "output_text").put("text", text);
    part.putArray("annotations");
    ArrayNode list = part.putArray("logprobs");
    logprobs.forEach(list::add);
    return part;
  }

  static ObjectNode reasoning(String id, String status, String text) {
    ObjectNode item = NODES.objectNode().put("id", id).put("type", "reasoning").put("status", status);
    item.putArray("summary");
    ArrayNode content = item.putArray("content");
    if (!text.isEmpty()) {
      content.addObject().put("type", "reasoning_text").put("text", text);
    }
    return item;
  }

  static ObjectNode call(String id, String status, String callId, String name, String arguments) {
    return NODES.objectNode().put("id", id).put("type", "function_call").put("status", status).put("call_id", callId)
        .put("name", name).put("arguments", arguments);
  }
}
