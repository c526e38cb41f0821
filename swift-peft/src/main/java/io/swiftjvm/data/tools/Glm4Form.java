package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PythonRepr;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * GLM-4: name and arguments on a line each, results from a role of their own.
 *
 * @param name chatglm4 or glm4, which differ in their system text
 */
record Glm4Form(String name) implements AgentForm {
  private static final String CALLS = "<|assistant|>";
  private static final String RESULT = "<|observation|>";
  private static final Pattern CALL = Pattern.compile("([^\\n`]*?)\\n(\\{.*?})(?=\\w*\\n|\\z)", Pattern.DOTALL);

  @Override
  public String system(@Nullable String system, List<Object> tools) {
    return ToolText.of(name).write(system, tools);
  }

  @Override
  public String calls(List<Call> calls) {
    return calls.stream().map(c -> c.name() + "\n" + PythonRepr.text(c.arguments()))
        .collect(Collectors.joining(CALLS)) + RESULT;
  }

  @Override
  public String results(Frame frame, @Nullable String answer, List<String> results) {
    return "\n" + String.join(RESULT + "\n", results) + CALLS + "\n";
  }

  @Override
  public Optional<String> standalone(Frame frame, List<String> results) {
    return Optional.of(results.stream().map(text -> RESULT + "\n" + text).collect(Collectors.joining()));
  }

  @Override
  public List<ToolCall> parse(String generated) {
    List<ToolCall> out = new ArrayList<>();
    for (String part : generated.split(Pattern.quote(CALLS), -1)) {
      Matcher call = CALL.matcher(part.replace(RESULT, ""));
      if (call.find()) {
        out.add(new ToolCall(call.group(1), call.group(2)));
      }
    }
    return out.isEmpty() ? KeywordForm.REACT.parse(generated) : out;
  }
}
