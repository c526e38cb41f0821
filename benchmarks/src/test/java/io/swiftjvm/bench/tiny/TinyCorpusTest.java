package io.swiftjvm.bench.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TinyCorpusTest {
  private static final Path SEEDS = Files.isDirectory(Path.of("tiny/seeds"))
      ? Path.of("tiny/seeds") : Path.of("benchmarks/tiny/seeds");

  @TempDir Path folder;

  @Test
  void the_same_seeds_give_the_same_bytes() throws IOException {
    Path one = write("one", 200);
    Path two = write("two", 200);
    for (String file : List.of("pretrain.jsonl", "sft.jsonl", "eval.jsonl")) {
      assertThat(two.resolve(file)).hasSameBinaryContentAs(one.resolve(file));
    }
  }

  @Test
  void no_question_of_the_examination_is_taught() throws IOException {
    Path out = write("out", 4000);
    Set<String> held = new HashSet<>();
    for (JsonNode row : rows(out.resolve("eval.jsonl"))) {
      held.add(row.path("messages").path(0).path("content").asText());
      assertThat(row.path("expect")).isNotEmpty();
    }
    for (JsonNode row : rows(out.resolve("sft.jsonl"))) {
      row.path("messages").forEach(message -> assertThat(held).doesNotContain(message.path("content").asText()));
    }
  }

  @Test
  void conversations_alternate_and_have_no_open_placeholders() throws IOException {
    for (JsonNode row : rows(write("out", 4000).resolve("sft.jsonl"))) {
      JsonNode messages = row.path("messages");
      int first = messages.path(0).path("role").asText().equals("system") ? 1 : 0;
      assertThat((messages.size() - first) % 2).isZero();
      for (int i = first; i < messages.size(); i++) {
        assertThat(messages.path(i).path("role").asText()).isEqualTo((i - first) % 2 == 0 ? "user" : "assistant");
        assertThat(messages.path(i).path("content").asText()).isNotBlank().doesNotContain("{", "}");
      }
    }
  }

  private Path write(String name, int rows) throws IOException {
    Path out = folder.resolve(name);
    TinyCorpus.main(new String[] {SEEDS.toString(), out.toString(), String.valueOf(rows), String.valueOf(rows)});
    return out;
  }

  private static List<JsonNode> rows(Path file) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      rows.add(json.readTree(line));
    }
    return rows;
  }
}
