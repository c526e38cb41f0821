package io.swiftjvm.data.tools;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.data.rows.PythonJson;
import io.swiftjvm.data.rows.PythonRepr;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A form that is described by texts with placeholders: how a call, an argument and a result look, and what stands
 * around them. Reading calls back is derived from the same texts.
 */
final class TextForm implements AgentForm {
  private final String name;
  private final JsonNode texts;
  private final ToolText tools;
  private final CallReader reader;

  private TextForm(String name, JsonNode texts, ToolText tools) {
    this.name = name;
    this.texts = texts;
    this.tools = tools;
    this.reader = new CallReader(texts);
  }

  static TextForm of(String name) {
    return new TextForm(name, ToolText.texts(name), ToolText.of(name));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public @Nullable String system(@Nullable String system, List<Object> given) {
    return texts.has("system") ? tools.write(system, given) : system;
  }

  @Override
  public String query(String query, List<Object> given) {
    return texts.has("query") ? tools.write("query", Map.of("QUERY", query), given) : query;
  }

  @Override
  public String calls(List<Call> calls) {
    String written = calls.stream().map(this::write).collect(Collectors.joining(texts.path("call_joint").asText("\n")));
    return ToolText.fill(texts.path("calls").asText("{{CALLS}}"), Map.of("CALLS", written));
  }

  private String write(Call call) {
    StringBuilder arguments = new StringBuilder();
    if (call.arguments() instanceof Map<?, ?> map) {
      map.forEach((key, value) -> arguments.append(ToolText.fill(texts.path("argument").asText(), Map.of(
          "KEY", PythonRepr.text(key), "VALUE", value(value), "STRING", String.valueOf(value instanceof String)))));
    }
    return ToolText.fill(texts.path("call").asText(), Map.of(
        "NAME", PythonRepr.text(call.name()), "ARGUMENTS", arguments.toString(),
        "JSON", PythonJson.dump(call.arguments()), "REPR", PythonRepr.text(call.arguments()),
        "CALL", JsonCalls.write(call, texts.path("key").asText("arguments"))));
  }

  private String value(@Nullable Object value) {
    boolean json = switch (texts.path("values").asText()) {
      case "json" -> !(value instanceof String);
      case "json_containers" -> value instanceof Map || value instanceof List;
      default -> false;
    };
    return json ? PythonJson.dump(value) : PythonRepr.text(value);
  }

  @Override
  public String gap(String text) {
    String behind = text.substring(text.lastIndexOf("</think>") < 0 ? 0 : text.lastIndexOf("</think>") + 8);
    return behind.isBlank() ? "" : texts.path("gap").asText();
  }

  @Override
  public String results(Frame frame, @Nullable String answer, List<String> results) {
    return framed("results", frame, results);
  }

  @Override
  public Optional<String> standalone(Frame frame, List<String> results) {
    return texts.has("standalone") ? Optional.of(framed("standalone", frame, results)) : Optional.empty();
  }

  private String framed(String key, Frame frame, List<String> results) {
    String written = results.stream().map(text -> ToolText.fill(texts.path("result").asText("{{RESULT}}"),
        Map.of("RESULT", text, "QUOTED", PythonJson.dump(text))))
        .collect(Collectors.joining(texts.path("result_joint").asText()));
    return ToolText.fill(texts.path(key).asText(), Map.of("SEPARATOR", frame.separator(), "OPEN", frame.open(),
        "CLOSE", frame.close(), "RESULTS", written));
  }

  @Override
  public boolean takesReact() {
    return texts.path("takes_react").asBoolean(true);
  }

  @Override
  public List<ToolCall> parse(String generated) {
    List<ToolCall> calls = reader.read(generated);
    return calls.isEmpty() ? KeywordForm.REACT.parse(generated) : calls;
  }
}
