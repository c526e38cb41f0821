package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads lists of messages: role/content, from/value, and pairs of question and answer. */
final class Conversations {
  private static final Map<String, String> ROLES = Map.ofEntries(
      Map.entry("system", "system"), Map.entry("user", "user"), Map.entry("human", "user"),
      Map.entry("assistant", "assistant"), Map.entry("gpt", "assistant"), Map.entry("bot", "assistant"),
      Map.entry("tool_call", "tool_call"), Map.entry("function_call", "tool_call"), Map.entry("function-call", "tool_call"),
      Map.entry("tool", "tool"), Map.entry("tool_response", "tool_response"), Map.entry("observation", "tool_response"),
      Map.entry("observations", "tool_response"), Map.entry("function-response", "tool_response"),
      Map.entry("function_response", "tool_response"), Map.entry("tool-response", "tool_response"));

  private Conversations() {}

  /** The messages of {@code value}; pictures among their parts go to {@code images}. */
  static List<Message> read(@Nullable Object value, List<Object> images) {
    if (!(value instanceof List<?> list) || list.isEmpty()) {
      throw new DatasetException("messages is no list with at least one message. Write [{\"role\": .., \"content\": ..}].");
    }
    boolean anthropic = list.stream().anyMatch(item -> item instanceof Map<?, ?> map && ContentParts.anthropic(content(map)));
    List<Message> out = new ArrayList<>();
    for (Object item : list) {
      if (!(item instanceof Map<?, ?> map)) {
        throw new DatasetException("a message is no object: " + item + ". Write {\"role\": .., \"content\": ..}.");
      }
      if (map.containsKey("role") || map.containsKey("from")) {
        message(map, out, images, anthropic);
      } else {
        pair(map, out);
      }
    }
    return out;
  }

  private static @Nullable Object content(Map<?, ?> map) {
    return map.containsKey("content") ? map.get("content") : map.get("value");
  }

  private static void message(Map<?, ?> map, List<Message> out, List<Object> images, boolean anthropic) {
    Object given = map.containsKey("role") ? map.get("role") : map.get("from");
    String role = ROLES.get(String.valueOf(given));
    if (role == null) {
      throw new DatasetException("a message has the role '" + given + "'. Use system, user, assistant, tool_call, "
          + "tool_response or tool.");
    }
    if (role.equals("system") && !out.isEmpty()) {
      throw new DatasetException("a system message stands behind others. Put it first.");
    }
    Object content = content(map);
    Boolean loss = loss(map.get("loss"));
    Double scale = scale(map.get("loss_scale"));
    Object calls = map.get("tool_calls");
    boolean called = calls instanceof List<?> list && !list.isEmpty();
    if (content instanceof List<?> parts && parts.stream().anyMatch(p -> p instanceof Map<?, ?>)) {
      if (anthropic) {
        out.addAll(ContentParts.anthropic(role, parts, loss, scale, images));
        return;
      }
      content = ContentParts.openAi(parts);
    }
    if (content == null && !called) {
      throw new DatasetException("a message of role " + role + " has no content. Write a string, \"\" if it is empty.");
    }
    if (content != null && !(called && "".equals(content))) {
      out.add(new Message(role, content instanceof Number n ? n.toString() : content, loss, scale));
    }
    if (called && calls instanceof List<?> list) {
      list.forEach(call -> out.add(new Message("tool_call", call(call), loss, scale)));
    }
  }

  private static Object call(@Nullable Object call) {
    Object function = call instanceof Map<?, ?> map && map.get("function") instanceof Map<?, ?> inner ? inner : call;
    if (!(function instanceof Map<?, ?> map) || map.get("name") == null) {
      throw new DatasetException("a tool call has no name: " + call + ". Write {\"function\": {\"name\", \"arguments\"}}.");
    }
    Object arguments = map.get("arguments");
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    out.put("name", map.get("name"));
    out.put("arguments", arguments instanceof String text ? PlainLiterals.parseOr(text, text) : arguments);
    return out;
  }

  private static void pair(Map<?, ?> map, List<Message> out) {
    if (map.size() != 2) {
      throw new DatasetException("a round has the keys " + map.keySet() + ". Write {\"human\": .., \"assistant\": ..}.");
    }
    for (String role : List.of("user", "assistant")) {
      Object text = map.entrySet().stream().filter(e -> role.equals(ROLES.get(String.valueOf(e.getKey()))))
          .map(Map.Entry::getValue).findFirst().orElse(null);
      if (!(text instanceof String said)) {
        throw new DatasetException("a round has no text of the " + role + ": " + map + ". Write {\"human\": .., \"assistant\": ..}.");
      }
      out.add(new Message(role, said, null, null));
    }
  }

  private static @Nullable Boolean loss(@Nullable Object value) {
    return switch (value) {
      case null -> null;
      case Boolean b -> b;
      case Number n when n.doubleValue() == 0 || n.doubleValue() == 1 -> n.doubleValue() == 1;
      default -> throw new DatasetException("loss is " + value + ". Write true or false.");
    };
  }

  private static @Nullable Double scale(@Nullable Object value) {
    return switch (value) {
      case null -> null;
      case Number n when n.doubleValue() >= 0 && Double.isFinite(n.doubleValue()) -> n.doubleValue();
      default -> throw new DatasetException("loss_scale is " + value + ". Write a number >= 0.");
    };
  }
}
