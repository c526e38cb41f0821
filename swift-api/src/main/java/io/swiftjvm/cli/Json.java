package io.swiftjvm.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.swiftjvm.error.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The JSON that commands read and print. */
final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final TypeReference<List<Map<String, Object>>> LIST = new TypeReference<>() {};
  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};

  private Json() {}

  static String line(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A list of messages or tools: a JSON list, or an object that holds one under {@code key}. */
  static List<Map<String, Object>> list(Path file, String key) {
    try {
      String text = Files.readString(file);
      if (text.stripLeading().startsWith("{")) {
        Object inner = MAPPER.readValue(text, MAP).get(key);
        if (inner == null) {
          throw new DatasetException(file + " is an object without '" + key + "'. Write a list, or {\"" + key + "\": [..]}.");
        }
        return whole(file, key, MAPPER.convertValue(inner, LIST));
      }
      return whole(file, key, MAPPER.readValue(text, LIST));
    } catch (IOException | IllegalArgumentException e) {
      throw new DatasetException(file + " is no JSON list of " + key + ": " + e.getMessage(), e);
    }
  }

  private static List<Map<String, Object>> whole(Path file, String key, @Nullable List<Map<String, Object>> list) {
    if (list == null || list.stream().anyMatch(Objects::isNull)) {
      throw new DatasetException(file + " is no JSON list of " + key + ": null is in place of one.");
    }
    return list;
  }
}
