package io.swiftjvm.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.DatasetException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatasetLoaderTest {
  private static final String GOOD = "{\"query\": \"q\", \"response\": \"a\"}";

  @TempDir
  Path temp;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(temp.resolve(name), text);
  }

  private List<String> queries(String spec, LoadOptions options) {
    return DatasetLoader.load(List.of(spec), options).rows().stream()
        .map(row -> String.valueOf(row.messages().getFirst().content())).toList();
  }

  private Path ten() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 10; i++) {
      text.append("{\"query\": \"f").append(i).append("\", \"response\": \"a\"}\n");
    }
    return file("f10.jsonl", text.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "not json", "[1, 2]", "{\"messages\": []}", "{\"messages\": [{\"role\": \"robot\", \"content\": \"x\"}]}",
      "{\"messages\": [{\"role\": \"user\"}]}", "{\"messages\": \"text\"}", "{\"messages\": [3]}",
      "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}, {\"role\": \"system\", \"content\": \"s\"}]}",
      "{\"other\": 1}", "{\"query\": {\"a\": 1}, \"response\": \"r\"}", "{\"query\": \"q\", \"history\": [[\"one\"]]}",
      "{\"input_ids\": [1, -2], \"labels\": [1, 2]}", "{\"input_ids\": [1, 2], \"labels\": [1]}", "{\"input_ids\": []}",
      "{\"input_ids\": \"1 2\"}", "{\"query\": \"a\", \"query\": \"b\", \"response\": \"c\"}",
      "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\", \"loss\": \"maybe\"}]}",
      "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\", \"loss_scale\": -1}]}", "null"})
  void a_bad_row_is_dropped_and_named_or_refused_when_strict(String row) throws IOException {
    Path file = file("rows.jsonl", GOOD + "\n" + row + "\n" + GOOD + "\n");
    LoadedRows loaded = DatasetLoader.load(List.of(file.toString()), LoadOptions.DEFAULT);
    assertThat(loaded.rows()).hasSize(2);
    assertThat(loaded.report().kept()).isEqualTo(2);
    assertThat(loaded.report().dropped()).singleElement()
        .satisfies(dropped -> assertThat(dropped.origin()).isEqualTo(new Origin(file.toString(), 2)))
        .satisfies(dropped -> assertThat(dropped.reason()).isNotBlank());
    assertThatThrownBy(() -> DatasetLoader.load(List.of(file.toString()), LoadOptions.DEFAULT.strict(true)))
        .isInstanceOf(DatasetException.class).hasMessageContaining("rows.jsonl:2");
  }

  @Test
  void a_file_without_a_usable_row_is_refused_with_the_first_reason() throws IOException {
    Path file = file("bad.jsonl", "x\n");
    assertThatThrownBy(() -> DatasetLoader.load(List.of(file.toString()), LoadOptions.DEFAULT))
        .isInstanceOf(DatasetException.class).hasMessageContaining("bad.jsonl:1");
    assertThat(DatasetLoader.check(List.of(file.toString()), LoadOptions.DEFAULT).kept()).isZero();
  }

  @Test
  void files_that_cannot_be_read_are_refused_by_name() throws IOException {
    Files.write(temp.resolve("latin.jsonl"), "{\"query\": \"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1));
    file("rows.parquet", "PAR1");
    for (String name : List.of("latin.jsonl", "rows.parquet", "missing.jsonl")) {
      assertThatThrownBy(() -> DatasetLoader.load(List.of(temp.resolve(name).toString()), LoadOptions.DEFAULT))
          .isInstanceOf(DatasetException.class).hasMessageContaining(name);
    }
    assertThatThrownBy(() -> DatasetLoader.load(List.of("hf::org/set"), LoadOptions.DEFAULT))
        .isInstanceOf(DatasetException.class).hasMessageContaining("hub");
  }

  @Test
  void a_count_takes_the_first_rows_and_repeats_whole_passes() throws IOException {
    String path = ten().toString();
    assertThat(queries(path + "#3", LoadOptions.DEFAULT)).containsExactly("f0", "f1", "f2");
    List<String> many = queries(path + "#23", LoadOptions.DEFAULT);
    assertThat(many).hasSize(23);
    assertThat(many.subList(20, 23)).containsExactly("f0", "f1", "f2");
    assertThatThrownBy(() -> queries(path + "#0", LoadOptions.DEFAULT)).isInstanceOf(DatasetException.class);
  }

  @Test
  void a_shuffled_count_draws_different_rows_reproducibly() throws IOException {
    String path = ten().toString();
    List<String> drawn = queries(path + "#6", LoadOptions.DEFAULT.shuffle(true, 1));
    assertThat(new HashSet<>(drawn)).hasSize(6);
    assertThat(queries(path + "#6", LoadOptions.DEFAULT.shuffle(true, 1))).isEqualTo(drawn);
    assertThat(queries(path + "#6", LoadOptions.DEFAULT.shuffle(true, 2))).isNotEqualTo(drawn);
  }

  @Test
  void folders_byte_order_marks_and_windows_line_ends_are_read() throws IOException {
    file("a.jsonl", "\uFEFF" + GOOD + "\r\n");
    file("b.csv", "query,response\r\n\"two\nlines\",a\r\n");
    List<Row> rows = DatasetLoader.load(List.of(temp.toString()), LoadOptions.DEFAULT).rows();
    assertThat(rows).hasSize(2);
    assertThat(rows.get(1).messages().getFirst().content()).isEqualTo("two\nlines");
  }

  @Test
  void self_cognition_rows_carry_the_given_names() {
    LoadOptions options = LoadOptions.DEFAULT.identity("Quill", "Harbour Works");
    List<Row> rows = DatasetLoader.load(List.of(DatasetSpec.SELF_COGNITION), options).rows();
    assertThat(rows).hasSizeGreaterThan(100);
    assertThat(rows.toString()).contains("Quill", "Harbour Works").doesNotContain("{{NAME}}", "{{AUTHOR}}");
    assertThatThrownBy(() -> DatasetLoader.load(List.of(DatasetSpec.SELF_COGNITION), LoadOptions.DEFAULT))
        .isInstanceOf(DatasetException.class).hasMessageContaining("model_name");
  }

  @Test
  void the_columns_option_renames() throws IOException {
    Path file = file("c.jsonl", "{\"frage\": \"q\", \"antwort\": \"a\"}\n");
    LoadOptions options = LoadOptions.DEFAULT.columns(Map.of("frage", "query", "antwort", "response"));
    assertThat(DatasetLoader.load(List.of(file.toString()), options).rows().getFirst().messages()).hasSize(2);
  }
}
