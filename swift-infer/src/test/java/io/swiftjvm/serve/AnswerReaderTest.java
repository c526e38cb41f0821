package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.serve.ReasoningReader.Start;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswerReaderTest {
  private static final List<Map<String, Object>> TOOLS =
      List.of(Map.of("type", "function", "function", Map.of("name", "get_weather")), Map.of("type", "function",
          "function", Map.of("name", "f", "parameters", Map.of("properties", Map.of("a", Map.of("type", "integer"),
              "b", Map.of("type", "string"), "c", Map.of("type", List.of("object", "null")))))));
  /** What tells the dialects of chat templates apart. */
  private static final Map<String, String> TEMPLATES = Map.of(
      "hermes", "<tool_call>", "glm45", "<tool_call> <arg_key>", "coder", "<tool_call> <function=",
      "mistral", "[TOOL_CALLS]", "deepseek", "<｜tool▁calls▁begin｜>", "glm4", "<|observation|>",
      "llama3", "<|python_tag|>");

  /** Everything that was shown, one part behind the other. */
  private static String read(String text, @Nullable String dialect, Start start, int cut, boolean several) {
    ToolReader tools = dialect == null ? null
        : new ToolReader(ToolDialect.of(TEMPLATES.get(dialect), TOOLS), new ToolTypes(TOOLS), several);
    AnswerReader reader = new AnswerReader(start, tools);
    StringBuilder thoughts = new StringBuilder();
    StringBuilder content = new StringBuilder();
    Map<Integer, StringBuilder> calls = new TreeMap<>();
    Random random = new Random(cut);
    for (int from = 0; from <= text.length(); ) {
      int to = cut == 0 ? text.length() : Math.min(text.length(), from + 1 + random.nextInt(cut));
      AnswerReader.Shown shown = from == text.length() ? reader.end() : reader.push(text.substring(from, to));
      thoughts.append(shown.thoughts());
      content.append(shown.content());
      for (ToolReader.Piece piece : shown.calls()) {
        assertThat(calls.containsKey(piece.index())).isEqualTo(piece.name() == null);
        calls.computeIfAbsent(piece.index(), i -> new StringBuilder(piece.name() + "="))
            .append(piece.arguments());
      }
      from = from == text.length() ? from + 1 : to;
    }
    assertThat(reader.called()).isEqualTo(!calls.isEmpty());
    return "[" + thoughts + "][" + content + "]" + calls.values();
  }

  private static void shows(String text, @Nullable String dialect, Start start, String expected) {
    for (int cut = 0; cut < 12; cut++) {
      assertThat(read(text.replace("|n", "\n"), dialect, start, cut, true)).as("cut " + cut)
          .isEqualTo(expected.replace("|n", "\n"));
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
      "hermes; <tool_call>|n{\"name\": \"f\", \"arguments\": {\"a\": \"}\\\"<\"}}|n</tool_call>; "
          + "[][][f={\"a\": \"}\\\"<\"}]",
      "hermes; Let me see.|n<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>|n<tool_call>{\"name\":\"g\","
          + "\"arguments\":{\"x\":[1]}}</tool_call>|n; [][Let me see.][f={}, g={\"x\":[1]}]",
      "hermes; a < b and <tool>| no call ; [][a < b and <tool>| no call][]",
      "hermes; <tool_call>nothing</tool_call>; [][<tool_call>nothing</tool_call>][]",
      "hermes; <tool_call>{\"arguments\": {\"a\": 1}, \"name\": \"f\"}</tool_call>; [][][f={\"a\": 1}]",
      "hermes; <tool_call>{\"name\": \"f\", \"argum; [][<tool_call>{\"name\": \"f\", \"argum][]",
      "hermes; <tool_call>{\"name\": \"f\", \"arguments\": {\"a; [][][f={\"a]",
      "glm45; So:|n<tool_call>f|n<arg_key>a</arg_key>|n<arg_value>1</arg_value>|n<arg_key>b</arg_key>|n<arg_value>2"
          + "</arg_value>|n<arg_key>c</arg_key>|n<arg_value>{\"x\":[]}</arg_value>|n</tool_call>; "
          + "[][So:][f={\"a\":1,\"b\":\"2\",\"c\":{\"x\":[]}}]",
      "coder; <tool_call>|n<function=f>|n<parameter=a>|nx y|n</parameter>|n</function>|n</tool_call>; "
          + "[][][f={\"a\": \"x y\"}]",
      "mistral; [TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {\"a\": 1}}, {\"name\": \"g\", \"arguments\": {}}]; "
          + "[][][f={\"a\": 1}, g={}]",
      "mistral; [TOOL_CALLS]f[ARGS]{\"a\": 1}[TOOL_CALLS]g[CALL_ID]123456789[ARGS]{}; [][][f={\"a\": 1}, g={}]",
      "deepseek; Ok<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f|n```json|n{\"a\": 1}|n```"
          + "<｜tool▁call▁end｜>|n<｜tool▁call▁begin｜>function<｜tool▁sep｜>g|n```json|n{}|n```<｜tool▁call▁end｜>"
          + "<｜tool▁calls▁end｜>; [][Ok][f={\"a\": 1}, g={}]",
      "deepseek; <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"a\": 1}<｜tool▁call▁end｜><｜tool▁calls▁end｜>; "
          + "[][][f={\"a\": 1}]",
      "glm4; get_weather|n{\"city\": \"Rome\"}; [][][get_weather={\"city\": \"Rome\"}]",
      "glm4; get_weather is a tool.; [][get_weather is a tool.][]",
      "llama3; {\"name\": \"f\", \"parameters\": {\"a\": 1}}; [][][f={\"a\": 1}]",
      "llama3; <|python_tag|>{\"name\": \"f\", \"parameters\": {}}; [][][f={}]",
      "llama3; {\"answer\": 42}; [][{\"answer\": 42}][]",
      "llama3; It is {\"name\": \"f\"}.; [][It is {\"name\": \"f\"}.][]"})
  void calls_are_found_in_every_dialect_however_the_text_is_cut(String dialect, String text, String expected) {
    shows(text, dialect, Start.ANSWER, expected);
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
      "FREE; <think>|nLet me think < it.|n|n</think>|n|nYes.; [Let me think < it.][Yes.][]",
      "FREE; No thoughts.; [][No thoughts.][]", "FREE; <thin air; [][<thin air][]", "FREE; <thi; [][<thi][]",
      "THOUGHTS; |nHm.|n</think>Yes <think>; [Hm.][Yes <think>][]", "THOUGHTS; Hm </thi; [Hm </thi][][]",
      "FREE; <think></think>|n; [][][]", "ANSWER; <think>a</think>; [][<think>a</think>][]",
      "FREE; <think>a</think>|n<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>; [a][][f={}]",
      "FREE; <think><tool_call></think>b; [<tool_call>][b][]"})
  void thoughts_are_parted_from_the_answer_however_the_text_is_cut(Start start, String text, String expected) {
    shows(text, "hermes", start, expected);
  }

  @Test
  void calls_but_the_first_are_left_out_where_one_was_asked_for() {
    String two = "<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call><tool_call>{\"name\":\"g\","
        + "\"arguments\":{}}</tool_call>";
    assertThat(read(two, "hermes", Start.ANSWER, 3, false)).isEqualTo("[][][f={}]");
    assertThat(read("<tool_call>", null, Start.ANSWER, 0, true)).isEqualTo("[][<tool_call>][]");
  }
}
