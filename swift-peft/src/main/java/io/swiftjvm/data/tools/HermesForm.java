package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PlainLiterals;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Qwen and others: tools in the system text, calls as JSON and results between XML-like tags. */
final class HermesForm implements AgentForm {
  private static final Pattern CALL = Pattern.compile("<tool_call>(.+?)</tool_call>", Pattern.DOTALL);

  @Override
  public String name() {
    return "hermes";
  }

  @Override
  public String system(@Nullable String system, List<Object> tools) {
    return ToolText.of(name()).write(system, tools);
  }

  @Override
  public String calls(List<Call> calls) {
    return calls.stream().map(c -> "<tool_call>\n" + JsonCalls.write(c, "arguments") + "\n</tool_call>")
        .collect(Collectors.joining("\n"));
  }

  @Override
  public String results(Frame frame, @Nullable String answer, List<String> results) {
    return frame.round(tagged(results));
  }

  @Override
  public Optional<String> standalone(Frame frame, List<String> results) {
    return Optional.of(frame.open(tagged(results)));
  }

  static String tagged(List<String> results) {
    return results.stream().map(text -> "<tool_response>\n" + text + "\n</tool_response>")
        .collect(Collectors.joining("\n"));
  }

  /** What stands between the tags of calls. */
  static List<String> inside(String generated) {
    return CALL.matcher(generated).results().map((MatchResult m) -> m.group(1)).toList();
  }

  @Override
  public List<ToolCall> parse(String generated) {
    List<ToolCall> out = new ArrayList<>();
    for (String text : inside(generated)) {
      if (PlainLiterals.parseOr(text, "") instanceof Map<?, ?> map) {
        JsonCalls.read(map, "arguments").ifPresent(out::add);
      }
    }
    return out.isEmpty() ? KeywordForm.REACT.parse(generated) : out;
  }
}
