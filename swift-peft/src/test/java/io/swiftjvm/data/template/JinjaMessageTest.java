package io.swiftjvm.data.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.data.rows.Message;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.text.ChatTemplate;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JinjaMessageTest {
  private static final String TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}"
      + "{% for c in m.tool_calls or [] %}({{ c.function.name }} {{ c.function.arguments | tojson }}){% endfor %}"
      + "{{ '\\n' }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

  private static Message message(String role, Object content) {
    return new Message(role, content, null, null);
  }

  @Test
  void calls_and_results_go_through_the_models_own_template() {
    List<Message> row = List.of(message("user", "a"), message("user", "b"), message("assistant", "I look."),
        message("tool_call", "{\"name\": \"f\", \"arguments\": {\"x\": 1}}"),
        message("tool_call", Map.of("name", "g", "arguments", Map.of())), message("tool_response", "20"));
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(OracleFiles.path("tokenizers/qwen"))) {
      var encoder = new JinjaRowEncoder(ChatTemplate.of(TEMPLATE, Map.of()), tokenizer, EncodeOptions.defaults());
      assertThat(encoder.prompt(row, Map.of()).pieces().getFirst().text())
          .isEqualTo("<user>ab\n<assistant>I look.(f {\"x\": 1})(g {})\n<tool>20\n<assistant>");
      EncodedRow trained = encoder.encode(row, Map.of()).getFirst();
      int[] answer = Arrays.stream(trained.labels()).filter(id -> id >= 0).toArray();
      assertThat(tokenizer.decode(answer, false)).startsWith("I look.(f").contains("(g {})").doesNotContain("20");
    }
  }

  @Test
  void an_answer_and_its_call_cannot_be_trained_apart() {
    List<Message> row = List.of(message("user", "a"), new Message("assistant", "b", false, null),
        message("tool_call", Map.of("name", "g", "arguments", Map.of())));
    assertThatThrownBy(() -> JinjaMessage.of(row)).isInstanceOf(DatasetException.class).hasMessageContaining("loss");
  }

  @Test
  void filters_of_parts_are_refused_because_a_template_of_its_own_weighs_whole_answers() {
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(OracleFiles.path("tokenizers/qwen"))) {
      EncodeOptions options = EncodeOptions.defaults().lossScale("hermes");
      assertThatThrownBy(() -> new JinjaRowEncoder(ChatTemplate.of(TEMPLATE, Map.of()), tokenizer, options))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("hermes");
    }
  }
}
