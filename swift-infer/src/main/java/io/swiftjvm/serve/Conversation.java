package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The messages of a request, as chat templates take them. */
final class Conversation {
  private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant", "tool");
  private static final Set<String> MEDIA =
      Set.of("image_url", "image", "input_audio", "audio", "audio_url", "video", "video_url", "file");
  private static final int PARTS = 4096;
  private static final int CALLS = 128;

  private final Json json;
  private final int most;

  Conversation(Json json, SizeLimits limits) {
    this.json = json;
    this.most = limits.messages();
  }

  List<Map<String, Object>> read(Fields request) {
    List<JsonNode> nodes = request.list("messages", most);
    if (nodes == null || nodes.isEmpty()) {
      throw ApiException.invalid("messages", "messages must be a list with at least one message.");
    }
    List<Map<String, Object>> messages = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      messages.add(message(Fields.of(nodes.get(i), "messages[" + i + "]")));
    }
    return messages;
  }

  private Map<String, Object> message(Fields fields) {
    String role = fields.requiredText("role");
    if (!ROLES.contains(role)) {
      throw ApiException.invalid(fields.path("role"), fields.path("role") + " is '" + Text.brief(role)
          + "'; it must be system, developer, user, assistant or tool.");
    }
    Map<String, Object> message = new LinkedHashMap<>();
    // OpenAI's later name; templates know the older one
    message.put("role", role.equals("developer") ? "system" : role);
    message.put("content", content(fields, role));
    for (String name : List.of("name", "tool_call_id", "reasoning_content")) {
      String text = fields.text(name);
      if (text != null) {
        message.put(name, text);
      }
    }
    List<JsonNode> calls = fields.list("tool_calls", CALLS);
    if (calls != null && !calls.isEmpty()) {
      message.put("tool_calls", calls(calls, fields));
    }
    return message;
  }

  private static String content(Fields fields, String role) {
    JsonNode content = fields.get("content");
    String path = fields.path("content");
    if (content == null) {
      if (role.equals("assistant")) {
        return "";
      }
      throw ApiException.invalid(path, path + " is missing.");
    }
    if (content.isTextual()) {
      return Text.whole(content.textValue());
    }
    if (!content.isArray() || content.size() == 0) {
      throw ApiException.invalid(path, path + " must be a string or a list of parts.");
    }
    List<JsonNode> parts = fields.list("content", PARTS);
    List<String> texts = new ArrayList<>();
    for (int i = 0; parts != null && i < parts.size(); i++) {
      texts.add(part(Fields.of(parts.get(i), path + "[" + i + "]")));
    }
    return String.join("\n", texts);
  }

  private static String part(Fields part) {
    String type = part.requiredText("type");
    if (MEDIA.contains(type)) {
      throw ApiException.unsupported(
          part.path("type"), part.path("type") + " is '" + type + "': this model reads text only.");
    }
    if (!type.equals("text")) {
      throw ApiException.invalid(
          part.path("type"), part.path("type") + " is '" + Text.brief(type) + "'; it must be text.");
    }
    return part.requiredText("text");
  }

  private List<Object> calls(List<JsonNode> calls, Fields message) {
    List<Object> out = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      Fields call = Fields.of(calls.get(i), message.path("tool_calls[" + i + "]"));
      Fields function = call.object("function");
      if (function == null) {
        throw ApiException.invalid(call.path("function"), call.path("function") + " is missing.");
      }
      String arguments = function.requiredText("arguments");
      out.add(Map.of("type", "function", "function", Map.of(
          "name", function.requiredText("name"), "arguments", json.plainOrText(arguments))));
    }
    return out;
  }
}
