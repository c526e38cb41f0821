package io.swiftjvm.data.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.swiftjvm.data.rows.PythonJson;
import io.swiftjvm.data.rows.PythonRepr;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
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
    return new ToolText(Objects.requireNonNull(ALL.get(form), form));
  }

  private static JsonNode load() {
    try (InputStream in = Objects.requireNonNull(ToolText.class.getResourceAsStream("tools.json"))) {
      return new JsonMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String write(@Nullable String system, List<Object> tools) {
    return write(system, tools, this::tool);
  }

  String write(@Nullable String given, List<Object> tools, Function<Object, String> tool) {
    String system = given == null ? texts.path("no_system").asText() : given;
    String head = system.isEmpty() ? "" : texts.path("behind_system").asText();
    String tail = system.isBlank() ? "" : texts.path("before_system").asText();
    String list = tools.stream().map(tool).collect(Collectors.joining(texts.path("joint").asText("\n")));
    String names = tools.stream().map(t -> String.valueOf(ToolColumns.function(t).get("name")))
        .collect(Collectors.joining(","));
    String text = texts.path("system").asText();
    return fill(head + text + tail,
        Map.of("SYSTEM", system, "STRIPPED", system.strip(), "TOOLS", list, "NAMES", names));
  }

  private String tool(Object tool) {
    Map<?, ?> function = ToolColumns.function(tool);
    return fill(texts.path("tool").asText("{{TOOL}}"), Map.of(
        "TOOL", PythonJson.dump(tool),
        "FUNCTION", PythonJson.dump(function),
        "FUNCTION_LINES", PythonJson.dump(function, 4),
        "NAME", PythonRepr.text(function.get("name")),
        "DESCRIPTION", PythonRepr.text(function.get("description")),
        "PARAMETERS", PythonJson.dump(function.get("parameters"))));
  }

  /** In one pass, so that a placeholder inside a value stays text. */
  private static String fill(String text, Map<String, String> values) {
    return PLACEHOLDER.matcher(text)
        .replaceAll(m -> Matcher.quoteReplacement(values.getOrDefault(m.group(1), m.group())));
  }
}
