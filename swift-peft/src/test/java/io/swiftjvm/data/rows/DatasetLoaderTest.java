package io.swiftjvm.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

  @Test
  void a_file_without_a_usable_row_is_refused_with_the_first_reason() throws IOException {
    Path file = file("bad.jsonl", "x\n");
    assertThatThrownBy(() -> DatasetLoader.load(List.of(file.toString()), LoadOptions.DEFAULT))
        .isInstanceOf(DatasetException.class).hasMessageContaining("bad.jsonl:1");
    assertThat(DatasetLoader.check(List.of(file.toString()), LoadOptions.DEFAULT, drop -> { }).kept()).isZero();
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
    List<String> drawn = queries(path + "#6", LoadOptions.DEFAULT.shuffle(true).seed(1));
    assertThat(new HashSet<>(drawn)).hasSize(6);
    assertThat(queries(path + "#6", LoadOptions.DEFAULT.shuffle(true).seed(1))).isEqualTo(drawn);
    assertThat(queries(path + "#6", LoadOptions.DEFAULT.shuffle(true).seed(2))).isNotEqualTo(drawn);
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
  void a_folder_gives_all_its_files_or_the_named_parts_but_not_what_is_marked_for_tests() throws IOException {
    for (String name : List.of("b/two.jsonl", "a/one.jsonl", ".git/x.jsonl", "a/dataset_info.json")) {
      Files.createDirectories(temp.resolve(name).getParent());
      file(name, GOOD.replace("\"q\"", "\"" + name + "\""));
    }
    String folder = temp.toString();
    assertThat(queries(folder, LoadOptions.DEFAULT)).containsExactly("a/one.jsonl", "b/two.jsonl");
    assertThat(queries(folder + ":b", LoadOptions.DEFAULT)).containsExactly("b/two.jsonl");
    assertThat(queries(folder + ":b/a#3", LoadOptions.DEFAULT)).containsExactly("b/two.jsonl", "a/one.jsonl", "b/two.jsonl");
    for (String missing : List.of("c", "..", "a/..")) {
      assertThatThrownBy(() -> queries(folder + ":" + missing, LoadOptions.DEFAULT)).isInstanceOf(DatasetException.class)
          .hasMessageContaining("sub-folder");
    }
    assertThatThrownBy(() -> queries(folder + "/a/one.jsonl:part", LoadOptions.DEFAULT)).isInstanceOf(DatasetException.class)
        .hasMessageContaining("subsets");
    file("a/train-00000-of-00001.jsonl", GOOD);
    file("a/test-00000-of-00001.jsonl", GOOD);
    LoadedRows marked = DatasetLoader.load(List.of(folder + ":a"), LoadOptions.DEFAULT);
    assertThat(marked.rows()).hasSize(2);
    assertThat(marked.notes()).singleElement().asString().contains("test-00000");
  }

  @Test
  void compressed_files_are_read_as_they_are_named() throws IOException {
    for (String name : List.of("a.jsonl", "b.json", "c.csv", "d.txt")) {
      String text = name.startsWith("a") ? GOOD : name.startsWith("b") ? "[" + GOOD + "]"
          : name.startsWith("c") ? "query,response\nq,a\n" : "a line\n";
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(temp.resolve(name + ".gz")))) {
        out.write(text.getBytes(StandardCharsets.UTF_8));
      }
    }
    assertThat(DatasetLoader.load(List.of(temp.toString()), LoadOptions.DEFAULT).rows()).hasSize(4);
    file("plain.jsonl.gz", GOOD);
    assertThatThrownBy(() -> queries(temp.resolve("plain.jsonl.gz").toString(), LoadOptions.DEFAULT))
        .isInstanceOf(DatasetException.class).hasMessageContaining("plain.jsonl.gz");
  }

  @Test
  void too_large_a_share_of_drops_is_an_error_that_names_the_first() {
    for (double limit : new double[] {0, 0.25, 0.5, 1}) {
      Drops drops = new Drops(LoadOptions.DEFAULT.maxDropRatio(limit), drop -> { });
      drops.judge();
      drops.keep(3);
      drops.drop(new Origin("f.jsonl", 7), "it is broken");
      if (limit < 0.25) {
        assertThatThrownBy(drops::judge).isInstanceOf(DatasetException.class)
            .hasMessageContaining("1 of 4").hasMessageContaining("f.jsonl:7").hasMessageContaining("max_drop_ratio");
      } else {
        drops.judge();
      }
      assertThat(drops.report()).isEqualTo(new DropReport(3, List.of(new DropReport.Dropped(new Origin("f.jsonl", 7), "it is broken"))));
    }
    assertThatThrownBy(() -> LoadOptions.DEFAULT.maxDropRatio(1.5)).hasMessageContaining("max_drop_ratio");
  }

  @Test
  void self_cognition_rows_carry_the_given_names() {
    LoadOptions options = LoadOptions.DEFAULT.modelName("Quill").modelAuthor("Harbour Works");
    List<Row> rows = DatasetLoader.load(List.of(DatasetSpec.SELF_COGNITION), options).rows();
    assertThat(rows).hasSizeGreaterThan(100);
    assertThat(rows.toString()).contains("Quill", "Harbour Works").doesNotContain("{{NAME}}", "{{AUTHOR}}");
    assertThatThrownBy(() -> DatasetLoader.load(List.of(DatasetSpec.SELF_COGNITION), LoadOptions.DEFAULT))
        .isInstanceOf(DatasetException.class).hasMessageContaining("model_name");
  }

  @Test
  void self_cognition_subsets_are_those_of_the_reference() throws IOException {
    JsonNode golden = new ObjectMapper().readTree(OracleFiles.path("swift_data/dataset_formats.json").toFile()).path("self_cognition");
    int compared = 0;
    for (JsonNode test : golden.path("cases")) {
      for (int i = 0; i < golden.path("rows").size(); i++) {
        JsonNode row = golden.path("rows").path(i);
        if (!row.path("tag").asText().equals("en") || test.path("model_author").isNull()) {
          continue; // one name for all languages, and both must be given here
        }
        Map<String, Object> columns = new LinkedHashMap<>();
        row.properties().forEach(e -> columns.put(e.getKey(), e.getValue().asText()));
        RawRow filled = SelfCognition.filled(RawRow.of(columns, new Origin("golden", 1)), test.path("subset").asText(),
            english(test.path("model_name")), english(test.path("model_author")));
        JsonNode want = test.path("out").path(i).path("messages");
        assertThat(filled.columns()).containsEntry("query", want.path(0).path("content").asText())
            .containsEntry("response", want.path(1).path("content").asText());
        compared++;
      }
    }
    assertThat(compared).isEqualTo(4);
    LoadOptions options = LoadOptions.DEFAULT.modelName("Quill").modelAuthor("Harbour Works");
    assertThat(queries(DatasetSpec.SELF_COGNITION + ":qwen3#3", options)).hasSize(3).allMatch(query -> query.endsWith(" /no_think"));
    assertThatThrownBy(() -> queries(DatasetSpec.SELF_COGNITION + ":other", options)).isInstanceOf(DatasetException.class)
        .hasMessageContaining("empty_think");
  }

  private static String english(JsonNode names) {
    return names.isArray() ? names.path(names.size() - 1).asText() : names.asText();
  }

  @Test
  void the_columns_option_renames() throws IOException {
    Path file = file("c.jsonl", "{\"frage\": \"q\", \"antwort\": \"a\"}\n");
    LoadOptions options = LoadOptions.DEFAULT.columns(Map.of("frage", "query", "antwort", "response"));
    assertThat(DatasetLoader.load(List.of(file.toString()), options).rows().getFirst().messages()).hasSize(2);
  }
}
