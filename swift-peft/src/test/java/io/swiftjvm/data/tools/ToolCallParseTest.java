package io.swiftjvm.data.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ToolCallParseTest {
  @Test
  void calls_are_read_as_upstream_reads_them() throws IOException {
    int checked = 0;
    for (JsonNode node : new ObjectMapper().readTree(OracleFiles.path("swift_data/tool_parse.json").toFile())) {
      List<ToolCall> want = new ArrayList<>();
      node.path("out").forEach(c -> want.add(new ToolCall(c.path("name").asText(), c.path("arguments").asText())));
      String text = node.path("text").asText();
      assertThat(AgentForms.of(node.path("agent_template").asText()).parse(text)).as(node.toString()).isEqualTo(want);
      checked++;
    }
    assertThat(checked).isEqualTo(25);
  }

  @ParameterizedTest
  @MethodSource("forms")
  void every_form_reads_back_what_it_writes(String name) {
    AgentForm form = AgentForms.of(name);
    var call = new AgentForm.Call("find", Map.of("city", "Paris"));
    List<ToolCall> read = form.parse(form.calls(List.of(call, call)));
    assertThat(read).extracting(ToolCall::name).containsExactly("find", "find");
    assertThat(read.getFirst().arguments()).contains("city", "Paris");
    assertThat(form.parse("The weather is fine.")).isEmpty();
  }

  static List<String> forms() {
    return AgentForms.names();
  }

  @Test
  void an_unknown_form_is_refused_with_the_known_ones() {
    assertThatThrownBy(() -> AgentForms.of("xml")).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("'xml'").hasMessageContaining("react_en").hasMessageContaining("hermes");
  }

  @Test
  void an_argument_may_hold_what_looks_like_a_placeholder() {
    String system = AgentForms.of("hermes").system("Say {{NAMES}}.", List.of(Map.of("type", "function")));
    assertThat(system).startsWith("Say {{NAMES}}.");
  }
}
