package io.swiftjvm.data.tools;

import io.swiftjvm.data.rows.PlainLiterals;
import io.swiftjvm.data.rows.PythonJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Llama 3 and 4: tools before the first question, calls as bare JSON, results from a role of their own.
 *
 * @param name llama3 or llama4
 * @param open before a role
 * @param close behind a role
 * @param end behind a message
 */
record LlamaForm(String name, String open, String close, String end) implements AgentForm {
  private static final Pattern CALL =
      Pattern.compile("\\{[^{]*?\"name\":.*?\"parameters\":\\s*?\\{.*?}\\s*?}", Pattern.DOTALL);

  @Override
  public String query(String query, List<Object> tools) {
    String list = tools.stream().map(tool -> PythonJson.dump(tool, 4) + "\n\n").collect(Collectors.joining());
    return "Given the following functions, please respond with a JSON for a function call with its proper arguments "
        + "that best answers the given prompt.\n\nRespond in the format {\"name\": function name, \"parameters\": "
        + "dictionary of argument name and its value}. Do not use variables.\n\n" + list + query;
  }

  @Override
  public String calls(List<Call> calls) {
    return calls.stream().map(c -> JsonCalls.write(c, "parameters")).collect(Collectors.joining("\n"));
  }

  @Override
  public String results(Frame frame, @Nullable String answer, List<String> results) {
    return results.stream().map(text -> role("tool") + text + end)
        .collect(Collectors.joining("", end, role("assistant")));
  }

  private String role(String role) {
    return open + role + close + "\n\n";
  }

  @Override
  public List<ToolCall> parse(String generated) {
    List<ToolCall> out = new ArrayList<>();
    for (String text : CALL.matcher(generated).results().map(MatchResult::group).toList()) {
      if (PlainLiterals.parseOr(text, "") instanceof Map<?, ?> map) {
        JsonCalls.read(map, "parameters").ifPresent(out::add);
      }
    }
    return out.isEmpty() ? KeywordForm.REACT.parse(generated) : out;
  }
}
