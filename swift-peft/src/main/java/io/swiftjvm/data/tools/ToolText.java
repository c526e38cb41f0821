package io.swiftjvm.data.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.swiftjvm.data.rows.PythonJson;
import io.swiftjvm.data.rows.PythonRepr;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The system text that tells a model its tools, read from {@code tools.json}. */
final class ToolText {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{([A-Z_]+)}}");
  private static final JsonNode ALL = load();

  private final JsonNode texts;

  private ToolText(JsonNode texts) {
    this.texts = texts;
  }

  static ToolText of(String form) {
    return new ToolText(texts(form));
  }

  /** All that {@code tools.json} says about a form. */
  static JsonNode texts(String form) {
    return Objects.requireNonNull(ALL.get(form), form);
  }

  static List<String> forms() {
    return ALL.properties().stream().map(Map.Entry::getKey).toList();
  }

  private static JsonNode load() {
    try (InputStream in = Objects.requireNonNull(ToolText.class.getResourceAsStream("tools.json"))) {
      return new JsonMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The system text: own words before or behind the tools, or other words where there are none. */
  String write(@Nullable String given, List<Object> tools) {
    String system = given == null ? texts.path("no_system").asText() : given;
    String head = texts.path(system.isBlank() ? "without_system" : "behind_system").asText();
    String tail = system.isBlank() ? "" : texts.path("before_system").asText();
    Map<String, String> own = Map.of("SYSTEM", system, "STRIPPED", system.strip());
    return fill(head, own) + write("system", own, tools) + fill(tail, own);
  }

  String write(String key, Map<String, String> more, List<Object> tools) {
    boolean tags = texts.path("tool").asText().equals("{{TAGS}}");
    Map<String, String> values = new HashMap<>(more);
    values.put("TOOLS", tools.stream().map(tool -> tags ? ToolTags.describe(tool) : tool(tool))
        .collect(Collectors.joining(texts.path("joint").asText("\n"))));
    values.put("NAMES", tools.stream().map(tool -> String.valueOf(ToolColumns.function(tool).get("name")))
        .collect(Collectors.joining(",")));
    return fill(texts.path(key).asText(), values);
  }

  private String tool(Object tool) {
    Map<?, ?> function = ToolColumns.function(tool);
    return fill(texts.path("tool").asText("{{TOOL}}"), Map.of(
        "TOOL", PythonJson.dump(tool),
        "TOOL_LINES", PythonJson.dump(tool, 4),
        "FUNCTION", PythonJson.dump(function),
        "FUNCTION_LINES", PythonJson.dump(function, 4),
        "NAME", PythonRepr.text(function.get("name")),
        "DESCRIPTION", PythonRepr.text(function.get("description")),
        "PARAMETERS", PythonJson.dump(function.get("parameters"))));
  }

  /** In one pass, so that a placeholder inside a value stays text. */
  static String fill(String text, Map<String, String> values) {
    return PLACEHOLDER.matcher(text)
        .replaceAll(m -> Matcher.quoteReplacement(values.getOrDefault(m.group(1), m.group())));
  }
}
