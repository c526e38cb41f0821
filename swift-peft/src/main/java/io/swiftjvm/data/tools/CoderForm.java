package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PythonJson;
import io.swiftjvm.data.rows.PythonRepr;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Qwen3-Coder and Qwen3.5: calls as nested tags, one per argument. */
final class CoderForm implements AgentForm {
  private static final Pattern FUNCTION = Pattern.compile("<function=([^>]+)>.*</function>", Pattern.DOTALL);
  private static final Pattern ARGUMENT =
      Pattern.compile("<parameter=([^>]+)>\\s*(.*?)\\s*</parameter>", Pattern.DOTALL);

  private final String name;
  private final boolean coder;

  private CoderForm(String name, boolean coder) {
    this.name = name;
    this.coder = coder;
  }

  /** Qwen3-Coder: tools as tags, too. */
  static CoderForm coder() {
    return new CoderForm("qwen3_coder", true);
  }

  /** Qwen3.5: tools as JSON. */
  static CoderForm qwen35() {
    return new CoderForm("qwen3_5", false);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String system(@Nullable String system, List<Object> tools) {
    ToolText text = ToolText.of(name);
    return coder ? text.write(system, tools, CoderForm::describe) : text.write(system, tools);
  }

  private static String describe(Object tool) {
    Map<?, ?> function = ToolColumns.function(tool);
    StringBuilder out = new StringBuilder("<function>\n<name>").append(function.get("name")).append("</name>");
    description(out, function);
    out.append("\n<parameters>");
    if (function.get("parameters") instanceof Map<?, ?> parameters) {
      if (parameters.get("properties") instanceof Map<?, ?> properties) {
        properties.forEach((key, fields) -> parameter(out, key, fields));
      }
      others(out, parameters, Set.of("type", "properties"));
    }
    out.append("\n</parameters>");
    others(out, function, Set.of("type", "name", "description", "parameters"));
    return out.append("\n</function>").toString();
  }

  private static void parameter(StringBuilder out, Object name, Object given) {
    out.append("\n<parameter>\n<name>").append(name).append("</name>");
    if (given instanceof Map<?, ?> fields) {
      if (fields.containsKey("type")) {
        out.append("\n<type>").append(PythonRepr.text(fields.get("type"))).append("</type>");
      }
      description(out, fields);
      others(out, fields, Set.of("name", "type", "description"));
    }
    out.append("\n</parameter>");
  }

  private static void description(StringBuilder out, Map<?, ?> fields) {
    if (fields.get("description") instanceof String text) {
      out.append("\n<description>").append(text.strip()).append("</description>");
    }
  }

  private static void others(StringBuilder out, Map<?, ?> fields, Set<String> written) {
    fields.forEach((key, value) -> {
      if (!written.contains(key)) {
        out.append("\n<").append(key).append('>').append(PythonJson.dump(value)).append("</").append(key).append('>');
      }
    });
  }

  @Override
  public String calls(List<Call> calls) {
    return calls.stream().map(CoderForm::write).collect(Collectors.joining("\n"));
  }

  private static String write(Call call) {
    StringBuilder out = new StringBuilder("<tool_call>\n<function=").append(call.name()).append(">\n");
    if (call.arguments() instanceof Map<?, ?> arguments) {
      arguments.forEach((key, value) -> out.append("<parameter=").append(key).append(">\n")
          .append(value instanceof Map || value instanceof List ? PythonJson.dump(value) : PythonRepr.text(value))
          .append("\n</parameter>\n"));
    }
    return out.append("</function>\n</tool_call>").toString();
  }

  @Override
  public String gap(String text) {
    boolean says = !text.substring(text.lastIndexOf("</think>") < 0 ? 0 : text.lastIndexOf("</think>") + 8).isBlank();
    return !coder && says ? "\n\n" : "";
  }

  @Override
  public String results(Frame frame, @Nullable String answer, List<String> results) {
    return frame.round(tagged(results));
  }

  @Override
  public Optional<String> standalone(Frame frame, List<String> results) {
    return Optional.of(frame.open(tagged(results)));
  }

  private String tagged(List<String> results) {
    return HermesForm.tagged(results) + (coder ? "\n" : "");
  }

  @Override
  public List<ToolCall> parse(String generated) {
    List<ToolCall> out = new ArrayList<>();
    for (String text : HermesForm.inside(generated)) {
      Matcher function = FUNCTION.matcher(text.strip());
      if (function.matches()) {
        Map<String, String> arguments = new LinkedHashMap<>();
        ARGUMENT.matcher(text).results().forEach(m -> arguments.put(m.group(1).strip(), m.group(2).strip()));
        out.add(ToolCall.of(function.group(1).strip(), arguments));
      }
    }
    return out.isEmpty() ? KeywordForm.REACT.parse(generated) : out;
  }
}
