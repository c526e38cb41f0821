package io.swiftjvm.data.rows;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows after loading, against ms-swift's: messages and every other standard column. */
class DatasetFormatsGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The columns that ms-swift keeps; others are there only when it was asked to keep them. */
  private static final Set<String> STANDARD = Set.of("tools", "images", "videos", "audios", "objects", "rejected_messages",
      "rejected_response", "positive_messages", "negative_messages", "label", "channel", "margin", "teacher_prompt",
      "chat_template_kwargs");

  @TempDir
  Path temp;

  @Test
  void every_format_becomes_the_same_messages() throws IOException {
    List<String> wrong = new ArrayList<>();
    int checked = 0;
    JsonNode cases = JSON.readTree(OracleFiles.path("swift_data/dataset_formats.json").toFile()).path("cases");
    for (Map.Entry<String, JsonNode> entry : cases.properties()) {
      checked++;
      String problem = check(entry.getKey(), entry.getValue());
      if (!problem.isEmpty()) {
        wrong.add(entry.getKey() + ": " + problem);
      }
    }
    assertThat(wrong).as("of " + checked).isEmpty();
    assertThat(checked).isEqualTo(68);
  }

  private String check(String name, JsonNode test) throws IOException {
    JsonNode raw = test.path("raw");
    String ending = name.startsWith("csv") ? ".csv" : name.startsWith("txt") ? ".txt"
        : name.equals("json_array") ? ".json" : ".jsonl";
    Path file = temp.resolve(name + ending);
    StringBuilder lines = new StringBuilder();
    if (ending.equals(".jsonl")) {
      raw.forEach(row -> lines.append(row).append('\n'));
    }
    Files.writeString(file, ending.equals(".jsonl") ? lines : raw.isTextual() ? raw.asText() : raw.toString());
    Map<String, String> columns = new HashMap<>();
    test.path("options").path("columns").properties().forEach(e -> columns.put(e.getKey(), e.getValue().asText()));
    LoadOptions options =
        LoadOptions.DEFAULT.columns(columns).strict(test.path("options").path("strict").asBoolean(false))
            .autoColumns(!test.path("options").path("disable_auto_column_mapping").asBoolean(false));
    List<Row> rows;
    try {
      rows = DatasetLoader.load(List.of(file.toString()), options).rows();
    } catch (SwiftException e) {
      return test.has("out") ? "refused: " + e.getMessage() : "";
    }
    if (!test.has("out")) {
      return "not refused: " + rows;
    }
    List<String> got = rows.stream().map(DatasetFormatsGoldenTest::text).toList();
    List<String> want = new ArrayList<>();
    test.path("out").forEach(row -> want.add(wanted(row)));
    return got.equals(want) ? "" : "\n  got  " + got + "\n  want " + want;
  }

  private static String text(Row row) {
    StringBuilder out = new StringBuilder();
    for (Message m : row.messages()) {
      out.append(m.role()).append('=').append(m.content() instanceof String s ? s : JSON.valueToTree(m.content()).toString());
      out.append(m.loss() == null ? "" : " loss=" + m.loss()).append(m.lossScale() == null ? "" : " scale=" + m.lossScale());
      out.append('|');
    }
    Map<String, Object> extra = new TreeMap<>(row.extra());
    extra.keySet().retainAll(STANDARD);
    JsonNode columns = JSON.valueToTree(extra);
    return out.append(columns).toString();
  }

  private static String wanted(JsonNode row) {
    StringBuilder out = new StringBuilder();
    for (JsonNode m : row.path("messages")) {
      JsonNode content = m.path("content");
      out.append(m.path("role").asText()).append('=').append(content.isValueNode() ? content.asText() : content.toString());
      out.append(m.hasNonNull("loss") ? " loss=" + m.path("loss").asBoolean() : "");
      out.append(m.hasNonNull("loss_scale") ? " scale=" + m.path("loss_scale").asDouble() : "").append('|');
    }
    Map<String, JsonNode> extra = new TreeMap<>();
    row.properties().stream().filter(e -> STANDARD.contains(e.getKey()) && !e.getValue().isNull())
        .forEach(e -> extra.put(e.getKey(), e.getValue()));
    JsonNode columns = JSON.valueToTree(extra);
    return out.append(columns).toString();
  }
}
