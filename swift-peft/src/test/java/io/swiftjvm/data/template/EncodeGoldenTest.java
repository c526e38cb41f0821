package io.swiftjvm.data.template;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.data.rows.Message;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import java.io.IOException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces, ids, trained spans and weights of ms-swift, over the settings of the templates that this version has. */
class EncodeGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, Tokenizer> TOKENIZERS = new HashMap<>();
  /** OpenAI's tool_calls are rewritten when a file is read, before a row comes here. */
  private static final Set<String> REWRITTEN_BY_THE_LOADER = Set.of("tool_openai");
  /** Big integers beyond 64 bits and templates whose tool form is not in this version. */
  private static final Set<String> TEMPLATES = Set.of("qwen", "qwen2_5", "qwen3", "qwen3_thinking", "qwen3_nothinking",
      "chatml", "dummy", "llama3", "llama3_2", "llama", "mistral_nemo", "gemma", "gemma3_text", "deepseek",
      "deepseek_v2_5", "deepseek_r1", "deepseek_v3_1", "deepseek_coder", "mistral_2501", "qwq");

  @AfterAll
  static void close() {
    TOKENIZERS.values().forEach(Tokenizer::close);
  }

  @ParameterizedTest
  @ValueSource(strings = {"encode_qwen", "encode_thinking", "encode_families", "encode_pretrain", "truncation"})
  void every_row_is_encoded_as_upstream(String file) throws IOException {
    JsonNode rows = JSON.readTree(OracleFiles.path("swift_data/rows.json").toFile());
    List<String> wrong = new ArrayList<>();
    int checked = 0;
    for (JsonNode setting : JSON.readTree(OracleFiles.path("swift_data/" + file + ".json").toFile())) {
      boolean ownTemplate = setting.path("template").asText().equals("dummy")
          && !setting.path("mode").asText().equals("train"); // upstream renders the model's Jinja template there
      if (!TEMPLATES.contains(setting.path("template").asText()) || ownTemplate) {
        continue;
      }
      RowEncoder encoder = encoder(setting);
      boolean training = setting.path("mode").asText().equals("train");
      for (Map.Entry<String, JsonNode> entry : setting.path("results").properties()) {
        JsonNode row = rows.path(entry.getKey());
        boolean otherTools = Templates.of(setting.path("template").asText()).agent() == null
            && entry.getKey().startsWith("tool_");
        if (REWRITTEN_BY_THE_LOADER.contains(entry.getKey()) || otherTools) {
          continue;
        }
        checked++;
        String problem = check(encoder, row, entry.getValue(), training);
        if (!problem.isEmpty()) {
          wrong.add(setting.path("template").asText() + " " + setting.path("mode").asText() + " "
              + setting.path("options") + " " + entry.getKey() + ": " + problem);
        }
      }
    }
    assertThat(wrong).as("of " + checked).isEmpty();
    assertThat(checked).isGreaterThan(10);
  }

  private static RowEncoder encoder(JsonNode setting) {
    Tokenizer tokenizer = TOKENIZERS.computeIfAbsent(setting.path("tokenizer").asText(),
        name -> HuggingFaceTokenizers.load(OracleFiles.path("tokenizers/" + name)));
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
    return new RowEncoder(Templates.of(setting.path("template").asText()), tokenizer, options);
  }

  private static String check(RowEncoder encoder, JsonNode row, JsonNode want, boolean training) throws IOException {
    List<EncodedRow> got;
    try {
      Map<String, Object> extra = new HashMap<>();
      row.properties().stream().filter(e -> !e.getKey().equals("messages"))
          .forEach(e -> extra.put(e.getKey(), JSON.convertValue(e.getValue(), Object.class)));
      List<Message> messages = messages(row);
      got = training ? encoder.encode(messages, extra) : List.of(encoder.prompt(messages, extra));
    } catch (SwiftException e) {
      return want.has("error") ? "" : "refused: " + e.getMessage();
    }
    if (want.has("error")) {
      return "not refused: " + want.path("error").asText();
    }
    if (want.has("chunks")) {
      if (want.path("chunks").size() != got.size()) {
        return got.size() + " chunks instead of " + want.path("chunks").size();
      }
      for (int i = 0; i < got.size(); i++) {
        String problem = compare(got.get(i), want.path("chunks").get(i), training, false);
        if (!problem.isEmpty()) {
          return "chunk " + i + " " + problem;
        }
      }
      return "";
    }
    return compare(got.getFirst(), want, training, true);
  }

  private static String compare(EncodedRow got, JsonNode want, boolean training, boolean pieces) {
    List<Object> gotPieces = new ArrayList<>();
    for (Piece piece : got.pieces()) {
      gotPieces.add(List.of(piece.text() == null ? piece.ids() : piece.text(), piece.weight()));
    }
    JsonNode ours = JSON.valueToTree(gotPieces);
    if (pieces && want.has("pieces") && !ours.toString().equals(want.path("pieces").toString())) {
      return "pieces\n  got  " + ours + "\n  want " + want.path("pieces");
    }
    if (!JSON.valueToTree(got.ids()).toString().equals(want.path("input_ids").toString())) {
      return "ids\n  got  " + JSON.valueToTree(got.ids()) + "\n  want " + want.path("input_ids");
    }
    if (training && !spans(got.labels()).equals(want.path("trained").toString())) {
      return "trained " + spans(got.labels()) + " instead of " + want.path("trained");
    }
    if (want.has("loss_scale") && !runs(got.weights()).equals(floats(want.path("loss_scale")))) {
      return "weights " + runs(got.weights()) + " instead of " + want.path("loss_scale");
    }
    return "";
  }

  private static String spans(int[] labels) {
    List<int[]> spans = new ArrayList<>();
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] >= 0 && (i == 0 || labels[i - 1] < 0)) {
        spans.add(new int[] {i, i});
      }
      if (labels[i] >= 0) {
        spans.getLast()[1] = i + 1;
      }
    }
    return JSON.valueToTree(spans).toString();
  }

  private static String runs(float[] weights) {
    List<Object> runs = new ArrayList<>();
    int from = 0;
    for (int i = 1; weights != null && i <= weights.length; i++) {
      if (i == weights.length || weights[i] != weights[from]) {
        runs.add(List.of(i - from, (double) weights[from]));
        from = i;
      }
    }
    return JSON.valueToTree(runs).toString();
  }

  private static String floats(JsonNode runs) {
    List<Object> out = new ArrayList<>();
    runs.forEach(run -> out.add(List.of(run.get(0).asInt(), run.get(1).asDouble())));
    return JSON.valueToTree(out).toString();
  }

  private static List<Message> messages(JsonNode row) {
    List<Message> messages = new ArrayList<>();
    for (JsonNode m : row.path("messages")) {
      messages.add(new Message(m.path("role").asText(), JSON.convertValue(m.path("content"), Object.class),
          m.has("loss") ? m.path("loss").asBoolean() : null,
          m.has("loss_scale") ? m.path("loss_scale").asDouble() : null));
    }
    return messages;
  }
}
