package io.swiftjvm.data.template;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Every text template of ms-swift, over four conversations in training and in inference. */
class TemplatesGoldenTest {
  /** A name without a template, and one whose upstream class asks for an image processor. */
  private static final Set<String> NOT_COMPARABLE = Set.of("internlm3", "minimax_vl");
  private static final Goldens GOLDENS = new Goldens();

  @AfterAll
  static void close() {
    GOLDENS.close();
  }

  @Test
  void every_template_writes_what_upstream_writes() throws IOException {
    JsonNode rows = Goldens.JSON.readTree(OracleFiles.path("swift_data/rows.json").toFile());
    JsonNode all = Goldens.JSON.readTree(OracleFiles.path("swift_data/templates.json").toFile());
    List<String> wrong = new ArrayList<>();
    int templates = 0;
    for (Map.Entry<String, JsonNode> entry : all.properties()) {
      String name = entry.getKey();
      if (NOT_COMPARABLE.contains(name)) {
        continue;
      }
      templates++;
      for (String mode : List.of("train", "transformers")) {
        JsonNode results = entry.getValue().path(mode);
        if (Goldens.rendersJinja(name, mode)) {
          continue;
        }
        for (String row : List.of("single", "multi_system", "think_first_only", "no_answer_multi")) {
          JsonNode want = results.has("error") ? results : results.path(row);
          RowEncoder encoder = new RowEncoder(Templates.of(name), GOLDENS.tokenizer(entry.getValue()), options(name));
          String problem = Goldens.check(encoder, rows.path(row), want, mode.equals("train"));
          if (!problem.isEmpty()) {
            wrong.add(name + " " + mode + " " + row + ": " + problem);
          }
        }
      }
    }
    assertThat(wrong).as("of " + templates).isEmpty();
    assertThat(templates).isEqualTo(107);
  }

  /** The only template that writes a date which the fixture did not freeze. */
  private static EncodeOptions options(String template) {
    return EncodeOptions.defaults().upstreamCompatible(true)
        .today(template.equals("gpt_oss") ? LocalDate.of(2026, 11, 21) : LocalDate.of(2026, 1, 2));
  }
}
