package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PythonRepr;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * GLM-4.5 and later: a tag for each key and value.
 *
 * @param name glm4_5 or glm4_7
 * @param end what ends a line: glm4_7 writes all on one
 */
record Glm45Form(String name, String end) implements AgentForm {
  private static final Pattern KEY = Pattern.compile("<arg_key>(.*?)</arg_key>", Pattern.DOTALL);
  private static final Pattern VALUE = Pattern.compile("<arg_value>(.*?)</arg_value>", Pattern.DOTALL);
  private static final Pattern NAME = Pattern.compile("^\\s*([^\\n<]+)");

  @Override
  public String system(@Nullable String system, List<Object> tools) {
    return ToolText.of(name).write(system, tools);
  }

  @Override
  public String calls(List<Call> calls) {
    return calls.stream().map(this::write).collect(Collectors.joining(end)) + "<|observation|>";
  }

  private String write(Call call) {
    StringBuilder out = new StringBuilder("<tool_call>").append(call.name()).append(end);
    if (call.arguments() instanceof Map<?, ?> arguments) {
      arguments.forEach((key, value) -> out.append("<arg_key>").append(key).append("</arg_key>").append(end)
          .append("<arg_value>").append(PythonRepr.text(value)).append("</arg_value>").append(end));
    }
    return out.append("</tool_call>").toString();
  }

  @Override
  public String results(Frame frame, @Nullable String answer, List<String> results) {
    return tagged(results) + "<|assistant|>" + end;
  }

  @Override
  public Optional<String> standalone(Frame frame, List<String> results) {
    return Optional.of("<|observation|>" + tagged(results));
  }

  private String tagged(List<String> results) {
    return results.stream().map(text -> end + "<tool_response>" + end + text + end + "</tool_response>")
        .collect(Collectors.joining());
  }

  @Override
  public List<ToolCall> parse(String generated) {
    List<ToolCall> out = new ArrayList<>();
    for (String text : HermesForm.inside(generated)) {
      List<String> keys = all(KEY, text);
      List<String> values = all(VALUE, text);
      List<String> function = all(NAME, text);
      if (!function.isEmpty() && keys.size() == values.size()) {
        Map<String, String> arguments = new LinkedHashMap<>();
        for (int i = 0; i < keys.size(); i++) {
          arguments.put(keys.get(i), values.get(i));
        }
        out.add(ToolCall.of(function.getFirst(), arguments));
      }
    }
    return out.isEmpty() ? KeywordForm.REACT.parse(generated) : out;
  }

  private static List<String> all(Pattern pattern, String text) {
    return pattern.matcher(text).results().map((MatchResult m) -> m.group(1).strip()).toList();
  }
}
