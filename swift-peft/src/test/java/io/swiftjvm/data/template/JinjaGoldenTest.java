package io.swiftjvm.data.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.text.ChatTemplate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Prompts by the model's own chat template, as ms-swift's jinja backend makes them. */
class JinjaGoldenTest {
  private static final Goldens GOLDENS = new Goldens();

  @AfterAll
  static void close() {
    GOLDENS.close();
  }

  @Test
  void every_prompt_is_rendered_as_upstream() throws IOException {
    assumeTrue(OracleFiles.shared("tokenizers").isPresent(), "the models' own templates are not in the repository");
    JsonNode rows = Goldens.JSON.readTree(OracleFiles.path("swift_data/rows.json").toFile());
    List<String> wrong = new ArrayList<>();
    int checked = 0;
    for (JsonNode setting : settings()) {
      ChatTemplate template = ChatTemplate.load(
          OracleFiles.shared("tokenizers/" + setting.path("tokenizer").asText()).orElseThrow());
      TemplateMeta meta = Templates.of(setting.path("template").asText());
      EncodeOptions options = EncodeOptions.defaults();
      if (meta.thinking()) {
        options = options.enableThinking(
            setting.path("options").path("enable_thinking").asBoolean(meta.thinksByDefault()));
      }
      JinjaRowEncoder encoder = new JinjaRowEncoder(template, GOLDENS.tokenizer(setting), options);
      for (Map.Entry<String, JsonNode> entry : setting.path("results").properties()) {
        JsonNode row = rows.path(entry.getKey());
        checked++;
        EncodedRow got = encoder.prompt(Goldens.messages(row), Goldens.extra(row));
        String problem = Goldens.compare(got, entry.getValue(), false, true);
        if (!problem.isEmpty()) {
          wrong.add(setting.path("template").asText() + " " + entry.getKey() + ": " + problem);
        }
      }
    }
    assertThat(wrong).as("of " + checked).isEmpty();
    assertThat(checked).isEqualTo(25);
  }

  private static List<JsonNode> settings() throws IOException {
    List<JsonNode> out = new ArrayList<>();
    Goldens.JSON.readTree(OracleFiles.path("swift_data/encode_jinja.json").toFile()).forEach(out::add);
    for (JsonNode setting : Goldens.JSON.readTree(OracleFiles.path("swift_data/encode_qwen.json").toFile())) {
      if (Goldens.rendersJinja(setting.path("template").asText(), setting.path("mode").asText())) {
        out.add(setting);
      }
    }
    return out;
  }
}
