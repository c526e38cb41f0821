package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PlainLiterals;
import io.swiftjvm.data.rows.PythonJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Mistral: tools, calls and results between tokens of their own. */
final class MistralForm implements AgentForm {
  private static final Pattern CALLS = Pattern.compile("\\[TOOL_CALLS]\\[(.*?)](</s>|\\z)", Pattern.DOTALL);

  @Override
  public String name() {
    return "mistral";
  }

  @Override
  public String system(@Nullable String system, List<Object> tools) {
    return ToolText.of(name()).write(system, tools);
  }

  @Override
  public String calls(List<Call> calls) {
    return calls.stream().map(c -> JsonCalls.write(c, "arguments"))
        .collect(Collectors.joining("\n", "[TOOL_CALLS][\n", "\n]</s>"));
  }

  @Override
  public String results(Frame frame, @Nullable String answer, List<String> results) {
    return frame.round(results.stream()
        .map(text -> "[TOOL_RESULTS]" + PythonJson.dump(Map.of("content", text)) + "[/TOOL_RESULTS]")
        .collect(Collectors.joining("\n")));
  }

  @Override
  public boolean takesReact() {
    return false;
  }

  @Override
  public List<ToolCall> parse(String generated) {
    List<ToolCall> out = new ArrayList<>();
    Matcher calls = CALLS.matcher(generated);
    if (calls.find()) {
      for (String line : calls.group(1).strip().split("\n", -1)) {
        if (PlainLiterals.parseOr(line, "") instanceof Map<?, ?> map) {
          JsonCalls.read(map, "arguments").ifPresent(out::add);
        }
      }
    }
    return out.isEmpty() ? KeywordForm.REACT.parse(generated) : out;
  }
}
