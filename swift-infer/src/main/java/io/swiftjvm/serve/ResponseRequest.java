package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;

/** A request of {@code /v1/responses} as the chat completion that it asks for. Nothing is stored, so nothing is found. */
final class ResponseRequest {
  private static final Set<String> TEXTS = Set.of("input_text", "output_text", "text");
  private static final String LOGPROBS = "message.output_text.logprobs";
  /** Fields that both APIs have, or that this server adds to both. */
  private static final List<String> SAME = List.of("model", "temperature", "top_p", "stream", "parallel_tool_calls",
      "user", "seed", "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty", "stop",
      "stop_token_ids", "ignore_eos", "min_tokens", "logit_bias", "chat_template_kwargs", "enable_thinking",
      "structured_outputs", "include_stop_str_in_output", "truncate_prompt_tokens");

  private final int most;

  ResponseRequest(SizeLimits limits) {
    this.most = limits.messages();
  }

  /** The body of the chat completion. */
  ObjectNode chat(Fields f) {
    for (String stored : List.of("previous_response_id", "conversation", "prompt")) {
      if (f.has(stored)) {
        throw ApiException.unsupported(stored, stored + " is not supported: this server keeps no responses. Send the "
            + "whole conversation as input.");
      }
    }
    f.unsupported("background", !f.flag("background", false));
    f.unsupported("truncation", "disabled".equals(f.text("truncation")));
    ObjectNode chat = f.node().objectNode();
    SAME.stream().filter(f::has).forEach(name -> chat.set(name, f.get(name)));
    Long tokens = f.whole("max_output_tokens", 1, Integer.MAX_VALUE);
    if (tokens != null) {
      chat.put("max_completion_tokens", tokens);
    }
    logprobs(f, chat);
    format(f, chat);
    tools(f, chat);
    ArrayNode messages = chat.putArray("messages");
    String instructions = f.text("instructions");
    if (instructions != null) {
      messages.addObject().put("role", "system").put("content", instructions);
    }
    input(f, messages);
    return chat;
  }

  private static void logprobs(Fields f, ObjectNode chat) {
    List<JsonNode> include = f.list("include", 32);
    boolean wanted = include != null && include.stream().anyMatch(name -> LOGPROBS.equals(name.asText()));
    Integer top = f.integer("top_logprobs", 0, 20);
    if (wanted || (top != null && top > 0)) {
      chat.put("logprobs", true).put("top_logprobs", top == null ? 0 : top);
    }
  }

  private static void format(Fields f, ObjectNode chat) {
    Fields text = f.object("text");
    Fields format = text == null ? null : text.object("format");
    if (format == null) {
      return;
    }
    String type = format.requiredText("type");
    ObjectNode out = chat.putObject("response_format").put("type", type);
    if (type.equals("json_schema")) {
      ObjectNode schema = format.node().deepCopy();
      schema.remove("type");
      out.set("json_schema", schema);
    }
  }

  private static void tools(Fields f, ObjectNode chat) {
    List<JsonNode> tools = f.list("tools", 128);
    if (tools != null && !tools.isEmpty()) {
      ArrayNode out = chat.putArray("tools");
      for (int i = 0; i < tools.size(); i++) {
        Fields tool = Fields.of(tools.get(i), "tools[" + i + "]");
        String type = tool.requiredText("type");
        if (!type.equals("function")) {
          throw ApiException.unsupported(tool.path("type"), tool.path("type") + " is '" + Text.brief(type)
              + "'; only function tools are supported.");
        }
        ObjectNode function = tool.node().deepCopy();
        function.remove("type");
        out.addObject().put("type", "function").set("function", function);
      }
    }
    JsonNode choice = f.get("tool_choice");
    if (choice != null && choice.isObject() && choice.path("type").asText().equals("function")) {
      ObjectNode named = chat.putObject("tool_choice").put("type", "function");
      named.putObject("function").set("name", choice.path("name"));
    } else if (choice != null) {
      chat.set("tool_choice", choice);
    }
  }

  private void input(Fields f, ArrayNode messages) {
    JsonNode input = f.get("input");
    if (input == null) {
      throw ApiException.invalid("input", "input is missing.");
    }
    if (input.isTextual()) {
      messages.addObject().put("role", "user").put("content", input.textValue());
      return;
    }
    List<JsonNode> items = f.list("input", most);
    if (items == null || items.isEmpty()) {
      throw ApiException.invalid("input", "input must be a string or a list with at least one item.");
    }
    for (int i = 0; i < items.size(); i++) {
      item(Fields.of(items.get(i), "input[" + i + "]"), messages);
    }
  }

  private void item(Fields item, ArrayNode messages) {
    String type = item.has("type") ? item.requiredText("type") : "message";
    switch (type) {
      case "message" -> {
        ObjectNode message = messages.addObject().put("role", item.requiredText("role"));
        content(item, "content", message);
      }
      case "function_call" -> {
        JsonNode last = messages.isEmpty() ? null : messages.get(messages.size() - 1);
        ObjectNode message = last instanceof ObjectNode open && open.path("role").asText().equals("assistant")
            ? open : messages.addObject().put("role", "assistant");
        ObjectNode call = message.withArray("tool_calls").addObject();
        call.put("id", item.requiredText("call_id")).put("type", "function").putObject("function")
            .put("name", item.requiredText("name")).put("arguments", item.requiredText("arguments"));
      }
      case "function_call_output" -> {
        ObjectNode message =
            messages.addObject().put("role", "tool").put("tool_call_id", item.requiredText("call_id"));
        content(item, "output", message);
      }
      case "reasoning" -> {
        // what a model thought before is not shown to it again
      }
      default -> throw ApiException.unsupported(
          item.path("type"), item.path("type") + " is '" + Text.brief(type) + "', which is not supported.");
    }
  }

  private void content(Fields item, String name, ObjectNode message) {
    JsonNode content = item.get(name);
    if (content == null) {
      throw ApiException.invalid(item.path(name), item.path(name) + " is missing.");
    }
    if (content.isTextual()) {
      message.set("content", content);
      return;
    }
    List<JsonNode> parts = item.list(name, most);
    if (parts == null || parts.isEmpty()) {
      throw ApiException.invalid(item.path(name), item.path(name) + " must be a string or a list of parts.");
    }
    ArrayNode out = message.putArray("content");
    for (int i = 0; i < parts.size(); i++) {
      Fields part = Fields.of(parts.get(i), item.path(name + "[" + i + "]"));
      String type = part.requiredText("type");
      if (!TEXTS.contains(type) && !type.equals("refusal")) {
        throw ApiException.unsupported(part.path("type"), part.path("type") + " is '" + Text.brief(type)
            + "': this model reads text only.");
      }
      out.addObject().put("type", "text").put("text", part.requiredText(type.equals("refusal") ? type : "text"));
    }
  }
}
