package io.swiftjvm.data.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.data.rows.Message;
import io.swiftjvm.data.tools.AgentForms;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemplatesTest {
  private static final List<Message> ROUNDS = List.of(message("user", "a{{ROUND1}}"), message("assistant", "b"),
      message("user", "c"), message("assistant", "d"));

  private static Message message(String role, String text) {
    return new Message(role, text, null, null);
  }

  private static String written(TemplateMeta meta, Map<String, ?> extra) {
    return written(meta, extra, EncodeOptions.defaults());
  }

  private static String written(TemplateMeta meta, Map<String, ?> extra, EncodeOptions options) {
    StringBuilder out = new StringBuilder();
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(OracleFiles.path("tokenizers/qwen"))) {
      new RowEncoder(meta, tokenizer, options).encode(ROUNDS, extra).getFirst().pieces()
          .forEach(piece -> out.append(piece.text() == null ? "" : piece.text()));
    }
    return out.toString();
  }

  @Test
  void a_definition_of_your_own_varies_a_known_one() {
    TemplateMeta mine = Templates.parse("""
        {"name": "mine", "like": "qwen", "prompt": "[{{QUERY}}]", "default_system": null, "chat_sep": "|"}""");
    assertThat(written(mine, Map.of())).isEqualTo("[a{{ROUND1}}]b|[c]d<|im_end|>\n");
  }

  @Test
  void a_definition_is_read_from_a_file(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("mine.json");
    Files.writeString(file, "{\"name\": \"mine\", \"like\": \"llama3\"}");
    assertThat(Templates.of(file.toString()).suffix()).isEqualTo(Templates.of("llama3").suffix());
    assertThatThrownBy(() -> Templates.of(folder.resolve("none.json").toString()))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("none.json");
  }

  @Test
  void a_definition_with_a_wrong_key_is_refused_with_the_known_ones() {
    assertThatThrownBy(() -> Templates.parse("{\"name\": \"mine\", \"sufix\": \"x\"}"))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'sufix'").hasMessageContaining("suffix")
        .hasMessageContaining("trim_answers");
    assertThatThrownBy(() -> Templates.parse("{\"name\": \"mine\", \"like\": \"qwen33\"}"))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'qwen33'");
    assertThatThrownBy(() -> Templates.parse("[1]")).isInstanceOf(InvalidPlanException.class);
    assertThatThrownBy(() -> Templates.parse("{\"name\": \"mine\", \"suffix\": [{\"token\": 4}, {}]}"))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("suffix");
  }

  @Test
  void an_unknown_template_is_refused_with_the_known_ones() {
    assertThatThrownBy(() -> Templates.of("qwen33")).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("'qwen33'").hasMessageContaining("internlm2").hasMessageContaining("jinja");
  }

  @Test
  void rounds_are_counted_in_the_template_but_not_in_the_text_of_the_user() {
    String text = written(Templates.of("chatglm2"), Map.of());
    assertThat(text).contains("[Round 1]\n\n问：a{{ROUND1}}").contains("[Round 2]");
  }

  @Test
  void a_token_that_the_tokenizer_lacks_is_refused() {
    assertThatThrownBy(() -> written(Templates.of("telechat"), Map.of()))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("<_user>");
  }

  @Test
  void a_template_takes_another_tool_form() {
    List<Object> tools = List.of(Map.of("name", "add", "description", "sum", "parameters", Map.of()));
    String text = written(Templates.of("phi4").agent(AgentForms.of("react_en")), Map.of("tools", tools));
    assertThat(text).contains("should be one of [add]");
    assertThatThrownBy(() -> written(Templates.of("phi4"), Map.of("tools", tools)))
        .isInstanceOf(DatasetException.class).hasMessageContaining("react_en");
  }

  @Test
  void the_effort_that_a_template_states_follows_the_thinking_mode() {
    EncodeOptions on = EncodeOptions.defaults().enableThinking(true);
    assertThat(written(Templates.of("hy_v3"), Map.of())).contains("reasoning_effort:no_think<");
    assertThat(written(Templates.of("hy_v3"), Map.of(), on)).contains("reasoning_effort:high<");
    assertThat(written(Templates.of("glm5_2"), Map.of())).startsWith("[gMASK]<sop><|user|>");
    assertThat(written(Templates.of("glm5_2"), Map.of(), on))
        .startsWith("[gMASK]<sop><|system|>Reasoning Effort: Max<|user|>");
  }
}
