package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PythonJson;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** DeepSeek V3.1: tools in the system text, calls and results between tokens of their own. */
final class DeepSeekForm implements AgentForm {
  private static final Pattern CALL =
      Pattern.compile("<｜tool▁call▁begin｜>(.*?)<｜tool▁sep｜>(.*?)<｜tool▁call▁end｜>", Pattern.DOTALL);

  @Override
  public String name() {
    return "deepseek_v3_1";
  }

  @Override
  public String system(@Nullable String system, List<Object> tools) {
    return ToolText.of(name()).write(system, tools);
  }

  @Override
  public String calls(List<Call> calls) {
    return calls.stream().map(c -> "<｜tool▁call▁begin｜>" + c.name() + "<｜tool▁sep｜>" + PythonJson.dump(c.arguments())
        + "<｜tool▁call▁end｜>").collect(Collectors.joining("", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"));
  }

  @Override
  public String results(Frame frame, @Nullable String answer, List<String> results) {
    return frame.separator() + results.stream()
        .map(text -> "<｜tool▁output▁begin｜>" + text + "<｜tool▁output▁end｜>").collect(Collectors.joining());
  }

  @Override
  public boolean thinksAfterResults() {
    return false;
  }

  @Override
  public List<ToolCall> parse(String generated) {
    List<ToolCall> out = CALL.matcher(generated).results()
        .map((MatchResult m) -> new ToolCall(m.group(1).strip(), m.group(2).strip())).toList();
    return out.isEmpty() ? KeywordForm.REACT.parse(generated) : out;
  }
}
