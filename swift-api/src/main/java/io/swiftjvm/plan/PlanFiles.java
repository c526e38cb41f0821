package io.swiftjvm.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import io.swiftjvm.error.InvalidPlanException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Plans as JSON and YAML: flat maps of argument names, read strictly and without any type information. */
public final class PlanFiles {
  private static final TypeReference<Map<String, @Nullable Object>> MAP = new TypeReference<>() {};
  private static final long MAX_BYTES = 1 << 20;

  private PlanFiles() {}

  static ObjectMapper json() {
    return JsonMapper.builder()
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(SerializationFeature.INDENT_OUTPUT)
        .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
        .build();
  }

  private static ObjectMapper yaml() {
    YAMLFactory factory =
        YAMLFactory.builder().disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    return new ObjectMapper(factory).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  }

  /** The flat map in a .json, .yaml or .yml file. */
  public static Map<String, @Nullable Object> read(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new InvalidPlanException("plan file " + file + " does not exist. Pass a .json, .yaml or .yml file.");
      }
      if (Files.size(file) > MAX_BYTES) {
        throw new InvalidPlanException("plan file " + file + " is larger than 1 MiB; that is no plan.");
      }
      String name = file.toString().toLowerCase(Locale.ROOT);
      return parse(Files.readString(file), !name.endsWith(".json"), file.toString());
    } catch (IOException e) {
      throw new InvalidPlanException("plan file " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Reads a flat map from JSON or YAML text. */
  public static Map<String, @Nullable Object> parse(String text, boolean isYaml, String origin) {
    try {
      Map<String, @Nullable Object> map = (isYaml ? yaml() : json()).readValue(text, MAP);
      if (map == null) {
        throw new InvalidPlanException(origin + " is empty; a plan is a map of argument names to values.");
      }
      return map;
    } catch (JsonProcessingException e) {
      throw new InvalidPlanException(
          origin + " is not a map of argument names to values: " + e.getOriginalMessage(), e);
    }
  }

  /** Writes a flat map as JSON. */
  public static String toJson(Map<String, Object> map) {
    return write(json(), map);
  }

  /** Writes a flat map as YAML. */
  public static String toYaml(Map<String, Object> map) {
    return write(yaml(), map);
  }

  private static String write(ObjectMapper mapper, Map<String, Object> map) {
    try {
      return mapper.writeValueAsString(map);
    } catch (JsonProcessingException e) {
      throw new InvalidPlanException("the plan cannot be written: " + e.getOriginalMessage(), e);
    }
  }
}
