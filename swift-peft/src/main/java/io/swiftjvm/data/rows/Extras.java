package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Columns beside the conversation in standard form: other conversations of the row, media, places in pictures. */
final class Extras {
  private static final Map<String, List<String>> MEDIA =
      Map.of("images", List.of("images", "image"), "videos", List.of("videos", "video"), "audios", List.of("audios", "audio"));
  private static final List<String> PLACES = List.of("ref", "bbox", "bbox_type", "image_id");

  private Extras() {}

  /** The media column that {@code column} is, by its own or a usual name; else {@code column}. */
  static String target(String column, Map<String, ?> columns) {
    for (Map.Entry<String, List<String>> media : MEDIA.entrySet()) {
      boolean one = media.getValue().stream().filter(columns::containsKey).count() == 1;
      if (one && media.getValue().contains(column)) {
        return media.getKey();
      }
    }
    return column;
  }

  /** The value of a column as it is kept. */
  static Object standard(String column, Object value) {
    return switch (column) {
      case "rejected_messages" -> messages(value);
      case "positive_messages", "negative_messages" -> conversations(column, value);
      case "images", "rejected_images" -> images(value);
      case "videos", "audios" -> value instanceof String ? List.of(value) : value;
      case "objects" -> objects(value);
      default -> value;
    };
  }

  /** Refuses a rejected answer that is none, or that is the chosen one. */
  static void checkRejected(Map<String, @Nullable Object> columns, List<Message> messages) {
    if (!columns.containsKey("rejected_response")) {
      return;
    }
    Object rejected = columns.get("rejected_response");
    if (rejected == null) {
      throw new DatasetException("rejected_response is null. Write the rejected answer, or leave the column out.");
    }
    if (rejected.equals(messages.getLast().content())) {
      throw new DatasetException("rejected_response is the chosen answer itself: nothing can be learnt from the pair. "
          + "Write another answer, or leave the row out.");
    }
  }

  private static List<Object> conversations(String column, Object value) {
    if (!(value instanceof List<?> list)) {
      throw new DatasetException(column + " is no list of conversations. Write [[{\"role\": .., \"content\": ..}], ..].");
    }
    List<Object> out = new ArrayList<>();
    list.forEach(item -> out.add(messages(item)));
    return out;
  }

  private static List<Object> messages(@Nullable Object value) {
    List<Object> out = new ArrayList<>();
    Object plain = value instanceof String s ? PlainLiterals.parse(s, "messages") : value;
    for (Message message : Conversations.read(plain, new ArrayList<>())) {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("role", message.role());
      map.put("content", message.content());
      if (message.loss() != null) {
        map.put("loss", message.loss());
      }
      if (message.lossScale() != null) {
        map.put("loss_scale", message.lossScale());
      }
      out.add(Collections.unmodifiableMap(map));
    }
    return out;
  }

  private static Object images(Object value) {
    List<?> list = value instanceof List<?> given ? given : List.of(value);
    List<@Nullable Object> out = new ArrayList<>();
    for (Object image : list) {
      if (image instanceof String path) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("bytes", null);
        map.put("path", path);
        out.add(map);
      } else if (image instanceof Map<?, ?>) {
        out.add(image);
      } else {
        throw new DatasetException("an image is neither a path nor {\"bytes\", \"path\"}: " + image + ". Write its path.");
      }
    }
    return out;
  }

  private static Map<String, Object> objects(Object value) {
    if (!(value instanceof Map<?, ?> given) || !(given.get("bbox") instanceof List<?> boxes)) {
      throw new DatasetException("objects has no list 'bbox'. Write {\"ref\": [..], \"bbox\": [[x1, y1, x2, y2], ..]}.");
    }
    Map<String, Object> out = new LinkedHashMap<>();
    for (String key : PLACES) {
      Object part = given.get(key);
      if (part != null) {
        out.put(key, key.equals("bbox") ? boxes.stream().map(Extras::box).toList() : part);
      }
    }
    return out;
  }

  /** A point as it is, a box with its smaller corner first. */
  private static List<?> box(@Nullable Object value) {
    if (!(value instanceof List<?> box) || box.size() != 2 && box.size() != 4
        || !box.stream().allMatch(x -> x instanceof Number)) {
      throw new DatasetException("a bbox is " + value + ". Write [x1, y1, x2, y2] or [x, y].");
    }
    Object[] out = box.toArray();
    for (int i = 0; i < 2 && box.size() == 4; i++) {
      if (((Number) out[i]).doubleValue() > ((Number) out[i + 2]).doubleValue()) {
        Object swap = out[i];
        out[i] = out[i + 2];
        out[i + 2] = swap;
      }
    }
    return Arrays.asList(out);
  }
}
