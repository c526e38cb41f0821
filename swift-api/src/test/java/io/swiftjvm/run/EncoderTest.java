package io.swiftjvm.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.data.rows.Message;
import io.swiftjvm.data.rows.Origin;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.data.template.EncodedRow;
import io.swiftjvm.error.SwiftException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The ids that are trained on are the ids that are served. */
class EncoderTest {
  private static final Origin HERE = new Origin("test", 1);
  private static final Recipe BASE = Swift.model("swift-tiny");

  private static Row row(String... turns) {
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < turns.length; i += 2) {
      messages.add(new Message(turns[i], turns[i + 1], null, null));
    }
    return new Row(messages, Map.of(), HERE);
  }

  private static List<Map<String, Object>> open(Row row) {
    List<Map<String, Object>> out = new ArrayList<>();
    row.messages().subList(0, row.messages().size() - 1).forEach(m -> {
      Map<String, Object> message = new LinkedHashMap<>();
      message.put("role", m.role());
      message.put("content", m.content());
      out.add(message);
    });
    return out;
  }

  private static List<EncodedRow> encode(Recipe recipe, Row row) {
    try (Run run = recipe.load()) {
      return Encoder.of(recipe.settings(), run.loaded()).encode(row);
    }
  }

  @ParameterizedTest
  @CsvSource({
      "Hi, Hello!, ''", "'  two  spaces\n\nand lines ', 'an answer\n', ''", "\u00e4\ud83d\ude00 \u4e2d\u6587, \u0416, ''",
      "Hi, Hello!, Be kind.", "Hi, , ''", "'<|not_a_token|> & {{x}}', 'ok <b>', ''", "Hi, ' leading', ' system '"})
  void the_prompt_that_is_served_is_the_start_of_the_row_that_is_trained(String user, String answer, String system) {
    Recipe recipe = system.isEmpty() ? BASE : BASE.with("system", system);
    Row row = row("user", user, "assistant", answer == null ? "" : answer);
    try (Run run = recipe.load()) {
      int[] prompt = ChatEncoder.prompt(run.loaded(), open(row), recipe.settings().text());
      EncodedRow encoded = Encoder.of(recipe.settings(), run.loaded()).encode(row).getFirst();
      assertThat(Arrays.copyOf(encoded.ids(), prompt.length)).isEqualTo(prompt);
      assertThat(Arrays.copyOf(encoded.labels(), prompt.length)).containsOnly(EncodedRow.IGNORED);
      assertThat(encoded.labels()[prompt.length]).isEqualTo(encoded.ids()[prompt.length]);
      assertThat(run.loaded().model().source().eosIds()).contains(last(encoded));
    }
  }

  @Test
  void a_control_token_in_a_users_text_ends_no_message_that_is_served_while_rows_are_read_as_upstream_reads_them() {
    Row row = row("user", "<|im_end|>", "assistant", "ok");
    try (Run run = BASE.load()) {
      int end = run.loaded().tokenizer().encode("<|im_end|>", false)[0];
      int[] prompt = ChatEncoder.prompt(run.loaded(), open(row), BASE.settings().text());
      int[] trained = Encoder.of(BASE.settings(), run.loaded()).encode(row).getFirst().ids();
      assertThat(Arrays.stream(prompt).filter(id -> id == end).count()).isEqualTo(1);
      assertThat(Arrays.stream(trained).filter(id -> id == end).count()).isEqualTo(3);
    }
  }

  /** The last trained id. */
  private static int last(EncodedRow row) {
    return Arrays.stream(row.labels()).filter(l -> l != EncodedRow.IGNORED).reduce((a, b) -> b).orElseThrow();
  }

  @Test
  void every_answer_of_a_conversation_is_trained_and_no_question() {
    Row row = row("system", "Be kind.", "user", "One?", "assistant", "First.", "user", "Two?", "assistant", "Second.");
    try (Run run = BASE.load()) {
      EncodedRow all = Encoder.of(BASE.settings(), run.loaded()).encode(row).getFirst();
      assertThat(trained(run, all)).isEqualTo("First.<|im_end|>Second.<|im_end|>");
      Recipe lastRound = BASE.with("loss_scale", "last_round");
      assertThat(trained(run, Encoder.of(lastRound.settings(), run.loaded()).encode(row).getFirst()))
          .isEqualTo("Second.<|im_end|>");
      int[] prompt = ChatEncoder.prompt(run.loaded(), open(row), BASE.settings().text());
      assertThat(Arrays.copyOf(all.ids(), prompt.length)).isEqualTo(prompt);
    }
  }

  private static String trained(Run run, EncodedRow row) {
    int[] ids = IntStream.range(0, row.length()).filter(i -> row.labels()[i] != EncodedRow.IGNORED)
        .map(i -> row.ids()[i]).toArray();
    return run.loaded().tokenizer().decode(ids, false);
  }

  @Test
  void a_system_text_of_the_row_wins_over_that_of_the_plan_in_both() {
    Recipe recipe = BASE.with("system", "Plan.");
    Row row = row("system", "Row.", "user", "Hi", "assistant", "Yo");
    try (Run run = recipe.load()) {
      int[] prompt = ChatEncoder.prompt(run.loaded(), open(row), recipe.settings().text());
      assertThat(run.loaded().tokenizer().decode(prompt, false)).contains("Row.").doesNotContain("Plan.");
      assertThat(encode(recipe, row).getFirst().ids()).startsWith(prompt);
    }
  }

  @Test
  void pre_training_trains_every_token_and_adds_no_turns() {
    Recipe recipe = BASE.pretraining();
    try (Run run = recipe.load()) {
      EncodedRow row = Encoder.of(recipe.settings(), run.loaded()).encode(row("assistant", "Plain text.")).getFirst();
      assertThat(trained(run, row)).doesNotContain("<|im_start|>");
      assertThat(run.loaded().tokenizer().decode(row.ids(), false)).startsWith("Plain text.");
      assertThat(Arrays.stream(row.labels()).skip(1)).doesNotContain(EncodedRow.IGNORED);
    }
  }

  @Test
  void a_row_that_is_too_long_is_refused_or_cut_as_asked() {
    Row row = row("user", "word ".repeat(50), "assistant", "word ".repeat(50));
    Recipe small = BASE.with("max_length", 16);
    assertThatThrownBy(() -> encode(small, row)).isInstanceOf(SwiftException.class).hasMessageContaining("16");
    EncodedRow right = encode(small.with("truncation_strategy", "left"), row).getFirst();
    assertThat(right.length()).isEqualTo(16);
    List<EncodedRow> parts = encode(small.pretraining().with("truncation_strategy", "split"), row("assistant", "word ".repeat(50)));
    assertThat(parts).hasSizeGreaterThan(1).allSatisfy(part -> assertThat(part.length()).isLessThanOrEqualTo(16));
  }

  @Test
  void token_ids_are_taken_as_they_are_within_the_vocabulary_and_the_length() {
    Row row = new Row(List.of(), Map.of("input_ids", List.of(5, 6, 7), "labels", List.of(5, -100, 7)), HERE);
    EncodedRow encoded = encode(BASE, row).getFirst();
    assertThat(encoded.ids()).containsExactly(5, 6, 7);
    assertThat(encoded.labels()).containsExactly(-100, -100, 7);
    assertThatThrownBy(() -> encode(BASE, new Row(List.of(), Map.of("input_ids", List.of(5, 99_999)), HERE)))
        .isInstanceOf(SwiftException.class).hasMessageContaining("99999");
    assertThatThrownBy(() -> encode(BASE.with("max_length", 2), row)).isInstanceOf(SwiftException.class)
        .hasMessageContaining("3 tokens");
  }
}
