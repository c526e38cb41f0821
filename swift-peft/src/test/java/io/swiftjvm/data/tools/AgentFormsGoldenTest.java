package io.swiftjvm.data.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each tool form against ms-swift's class of that name: two tools, four calls, two results, and reading back. */
class AgentFormsGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static JsonNode goldens() throws IOException {
    return JSON.readTree(OracleFiles.path("swift_data/agent_forms.json").toFile());
  }

  static List<String> forms() {
    return AgentForms.names();
  }

  @ParameterizedTest
  @MethodSource("forms")
  void a_form_writes_and_reads_what_upstream_does(String name) throws IOException {
    JsonNode all = goldens();
    JsonNode want = all.path("forms").path(name);
    AgentForm form = AgentForms.of(name);
    List<Object> tools = ToolColumns.of(Map.of("tools", list(all.path("tools"))));
    List<AgentForm.Call> calls = ToolColumns.calls(list(all.path("calls")));
    assertThat(text(form.system(null, tools))).isEqualTo(want.path("system_none").get(0).asText());
    assertThat(form.system("Use tools.", tools)).isEqualTo(want.path("system").get(0).asText());
    assertThat(form.query("Q", tools)).isEqualTo(want.path("system").get(1).asText());
    String call = form.calls(calls.subList(0, 1));
    assertThat(call).isEqualTo(want.path("call").asText());
    assertThat(form.calls(calls)).isEqualTo(want.path("calls").asText());

    var frame = new AgentForm.Frame("</A>", "<U>{{QUERY}}</U><A>");
    List<String> results = List.of("20", "{\"a\": 1}\n");
    boolean react = form.takesReact() && KeywordForm.isReact(call);
    assertThat(react ? KeywordForm.reactResults(results) : form.results(frame, call, results))
        .isEqualTo(want.path("results").get(1).asText());
    assertThat(form.standalone(frame, results).orElse("none"))
        .isEqualTo(want.path("standalone").has("error") ? "none" : want.path("standalone").asText());
  }

  @ParameterizedTest
  @MethodSource("forms")
  void a_form_reads_calls_back_as_upstream_does(String name) throws IOException {
    JsonNode all = goldens();
    JsonNode want = all.path("forms").path(name);
    List<ToolCall> read = AgentForms.of(name).parse(want.path("calls").asText());
    List<ToolCall> expected = new ArrayList<>();
    want.path("parsed").forEach(c -> expected.add(new ToolCall(c.get(0).asText(), c.get(1).asText())));
    if (losesNestedObjects(name)) {
      assertThat(read).hasSize(4).containsAll(expected);
    } else {
      assertThat(read).isEqualTo(expected);
    }
    assertThat(AgentForms.of(name).parse("It is fine.")).isEmpty();
  }

  /** Upstream looks for the end of an object by a pattern, which ends at the first inner one. */
  private static boolean losesNestedObjects(String name) {
    return name.startsWith("llama");
  }

  private static List<Object> list(JsonNode node) {
    List<Object> out = new ArrayList<>();
    node.forEach(n -> out.add(JSON.convertValue(n, Object.class)));
    return out;
  }

  private static String text(@org.jspecify.annotations.Nullable String given) {
    return given == null ? "" : given;
  }
}
