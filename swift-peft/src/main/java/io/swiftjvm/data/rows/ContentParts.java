package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Message contents in parts: OpenAI's {@code text}, Anthropic's {@code text, image, tool_use, tool_result}. */
final class ContentParts {
  private ContentParts() {}

  /** Whether Anthropic's form is meant: it is told by its tool parts and by pictures with a source. */
  static boolean anthropic(@Nullable Object content) {
    return content instanceof List<?> parts && parts.stream().anyMatch(part -> part instanceof Map<?, ?> map
        && ("tool_use".equals(map.get("type")) || "tool_result".equals(map.get("type"))
        || "image".equals(map.get("type")) && map.containsKey("source")));
  }

  /** The joined text where all parts are text; else the parts themselves, which only a model for pictures can use. */
  static Object openAi(List<?> parts) {
    StringBuilder out = new StringBuilder();
    for (Object part : parts) {
      if (!(part instanceof Map<?, ?> map) || !(map.get("type") instanceof String type)) {
        throw new DatasetException("a message has a part without a type: " + part + ". Write {\"type\": \"text\", ..}.");
      }
      if (!type.equals("text")) {
        return parts;
      }
      out.append(text(map));
    }
    return out.toString();
  }

  /** One message in Anthropic's form as messages of their own; pictures go to {@code images}. */
  static List<Message> anthropic(
      String role, List<?> parts, @Nullable Boolean loss, @Nullable Double scale, List<Object> images) {
    List<Message> out = new ArrayList<>();
    StringBuilder pending = new StringBuilder();
    for (Object part : parts) {
      if (!(part instanceof Map<?, ?> map)) {
        throw new DatasetException("a part of a message is no object: " + part + ". Write {\"type\": \"text\", ..}.");
      }
      switch (String.valueOf(map.get("type"))) {
        case "text" -> pending.append(text(map));
        case "image" -> pending.append(image(map, images));
        case "tool_use" -> {
          flush(out, role, pending, loss, scale);
          out.add(new Message("tool_call", call(map), loss, scale));
        }
        case "tool_result" -> {
          flush(out, role, pending, loss, scale);
          out.add(new Message("tool_response", result(map, images), loss, scale));
        }
        default -> throw new DatasetException("a part of a message has the type '" + map.get("type")
            + "'. Use text, image, tool_use or tool_result.");
      }
    }
    flush(out, role, pending, loss, scale);
    return out;
  }

  private static void flush(
      List<Message> out, String role, StringBuilder pending, @Nullable Boolean loss, @Nullable Double scale) {
    if (!pending.isEmpty()) {
      out.add(new Message(role, pending.toString(), loss, scale));
      pending.setLength(0);
    }
  }

  private static String text(Map<?, ?> part) {
    if (!(part.get("text") instanceof String text)) {
      throw new DatasetException("a text part has no text: " + part + ". Write {\"type\": \"text\", \"text\": ..}.");
    }
    return text;
  }

  private static Map<String, @Nullable Object> call(Map<?, ?> part) {
    if (!(part.get("name") instanceof String name)) {
      throw new DatasetException("a tool_use part has no name: " + part + ". Write {\"name\": .., \"input\": {..}}.");
    }
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    out.put("name", name);
    out.put("arguments", part.containsKey("input") ? part.get("input") : Map.of());
    return out;
  }

  private static Object result(Map<?, ?> part, List<Object> images) {
    Object content = part.get("content");
    if (!(content instanceof List<?> inner)) {
      return content == null ? "" : content;
    }
    StringBuilder out = new StringBuilder();
    for (Object item : inner) {
      if (item instanceof Map<?, ?> map && "text".equals(map.get("type"))) {
        out.append(text(map));
      } else if (item instanceof Map<?, ?> map && "image".equals(map.get("type"))) {
        out.append(image(map, images));
      } else {
        throw new DatasetException("a tool_result holds " + item + ". Use text and image parts.");
      }
    }
    return out.toString();
  }

  private static String image(Map<?, ?> part, List<Object> images) {
    Map<?, ?> source = part.get("source") instanceof Map<?, ?> map ? map : Map.of();
    if ("base64".equals(source.get("type")) && source.get("media_type") instanceof String type
        && source.get("data") instanceof String data) {
      images.add("data:" + type + ";base64," + data);
    } else if ("url".equals(source.get("type")) && source.get("url") instanceof String url) {
      images.add(url);
    } else {
      throw new DatasetException("an image part has no source that can be read: " + part
          + ". Write {\"source\": {\"type\": \"url\", \"url\": ..}} or base64 with media_type and data.");
    }
    return "<image>";
  }
}
