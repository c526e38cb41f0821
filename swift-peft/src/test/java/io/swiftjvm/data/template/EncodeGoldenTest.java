package io.swiftjvm.data.template;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.data.rows.Origin;
import io.swiftjvm.data.rows.PreferencePair;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.data.tools.AgentForms;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces, ids, trained spans and weights of ms-swift, over the settings of the templates that this version has. */
class EncodeGoldenTest {
  private static final Goldens GOLDENS = new Goldens();
  @AfterAll
  static void close() {
    GOLDENS.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"encode_qwen", "encode_thinking", "encode_families", "encode_pretrain", "encode_agent",
      "encode_loss_scale", "truncation"})
  void every_row_is_encoded_as_upstream(String file) throws IOException {
    JsonNode rows = Goldens.JSON.readTree(OracleFiles.path("swift_data/rows.json").toFile());
    List<String> wrong = new ArrayList<>();
    int checked = 0;
    for (JsonNode setting : Goldens.JSON.readTree(OracleFiles.path("swift_data/" + file + ".json").toFile())) {
      if (Goldens.rendersJinja(setting.path("template").asText(), setting.path("mode").asText())) {
        continue;
      }
      RowEncoder encoder = encoder(setting);
      boolean training = setting.path("mode").asText().equals("train");
      for (Map.Entry<String, JsonNode> entry : setting.path("results").properties()) {
        JsonNode row = rows.path(entry.getKey());
        checked++;
        String problem = Goldens.check(encoder, row, entry.getValue(), training);
        if (!problem.isEmpty()) {
          wrong.add(setting.path("template").asText() + " " + setting.path("mode").asText() + " "
              + setting.path("options") + " " + entry.getKey() + ": " + problem);
        }
      }
    }
    assertThat(wrong).as("of " + checked).isEmpty();
    assertThat(checked).isGreaterThan(10);
  }

  @Test
  void both_answers_of_a_pair_are_encoded_as_upstream() throws IOException {
    JsonNode golden = Goldens.JSON.readTree(OracleFiles.path("swift_data/preference.json").toFile());
    List<String> wrong = new ArrayList<>();
    int checked = 0;
    for (JsonNode setting : golden.path("cases")) {
      if (setting.path("mode").asText().equals("train")) {
        continue;
      }
      RowEncoder encoder = encoder(setting);
      boolean labels = setting.path("task_type").asText().equals("causal_lm");
      for (Map.Entry<String, JsonNode> entry : setting.path("results").properties()) {
        JsonNode row = golden.path("rows").path(entry.getKey());
        checked++;
        String problem;
        if (row.has("label")) {
          problem = Goldens.check(encoder, row, entry.getValue().path("chosen"), labels);
        } else {
          problem = pair(encoder, row, entry.getValue(), labels, setting.path("mode").asText().equals("kto"));
        }
        if (!problem.isEmpty()) {
          wrong.add(setting.path("template").asText() + " " + setting.path("options") + " " + entry.getKey() + ": " + problem);
        }
      }
    }
    assertThat(wrong).as("of " + checked).isEmpty();
    assertThat(checked).isEqualTo(39);
  }

  private static String pair(RowEncoder encoder, JsonNode row, JsonNode want, boolean labels, boolean single) throws IOException {
    Row given = new Row(Goldens.messages(row), Goldens.extra(row), new Origin("preference.json", 0));
    try {
      if (single && !want.has("rejected")) {
        return Goldens.compare(encoder.encode(given.messages(), given.extra()).getFirst(), want.path("chosen"), labels, false);
      }
      PreferencePair pair = PreferencePair.of(given);
      EncodedRow chosen = encoder.encode(pair.chosen().messages(), pair.chosen().extra()).getFirst();
      EncodedRow rejected = encoder.encode(pair.rejected().messages(), pair.rejected().extra()).getFirst();
      if (want.has("error")) {
        return "not refused: " + want.path("error");
      }
      if (want.has("margin") && !Double.valueOf(want.path("margin").asDouble()).equals(pair.margin())) {
        return "margin " + pair.margin();
      }
      return Goldens.compare(chosen, want.path("chosen"), labels, false)
          + Goldens.compare(rejected, want.path("rejected"), labels, false);
    } catch (SwiftException e) {
      return want.has("error") ? "" : "refused: " + e.getMessage();
    }
  }

  private static RowEncoder encoder(JsonNode setting) {
    JsonNode given = setting.path("options");
    EncodeOptions options = EncodeOptions.defaults().upstreamCompatible(true).today(LocalDate.of(2026, 1, 2));
    if (given.has("loss_scale")) {
      options = options.lossScale(given.path("loss_scale").asText());
      options = options.binaryLossScale(!options.weighs());
    }
    if (given.has("use_chat_template")) {
      options = options.useChatTemplate(given.path("use_chat_template").asBoolean());
    }
    if (given.has("default_system")) {
      options = options.defaultSystem(given.path("default_system").asText());
    }
    if (given.has("is_binary_loss_scale")) {
      options = options.binaryLossScale(given.path("is_binary_loss_scale").asBoolean());
    }
    if (given.has("enable_thinking")) {
      options = options.enableThinking(given.path("enable_thinking").asBoolean());
    }
    if (given.has("add_non_thinking_prefix")) {
      options = options.addNonThinkingPrefix(given.path("add_non_thinking_prefix").asBoolean());
    }
    if (given.has("preserve_thinking")) {
      options = options.preserveThinking(given.path("preserve_thinking").asBoolean());
    }
    if (given.has("response_prefix")) {
      options = options.responsePrefix(given.path("response_prefix").asText());
    }
    if (given.has("max_length")) {
      options = options.maxLength(given.path("max_length").asInt(),
          RowEncoder.truncation(given.path("truncation_strategy").asText()));
    }
    TemplateMeta meta = Templates.of(setting.path("template").asText());
    if (given.has("agent_template")) {
      meta = meta.agent(AgentForms.of(given.path("agent_template").asText()));
    }
    return new RowEncoder(meta, GOLDENS.tokenizer(setting), options);
  }
}
