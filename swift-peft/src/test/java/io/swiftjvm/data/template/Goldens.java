package io.swiftjvm.data.template;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.data.rows.DatasetLoader;
import io.swiftjvm.data.rows.LoadOptions;
import io.swiftjvm.data.rows.Message;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Compares rows with what ms-swift made of them. */
final class Goldens {
  static final ObjectMapper JSON = new ObjectMapper();
  private final Map<String, Tokenizer> tokenizers = new HashMap<>();

  Tokenizer tokenizer(JsonNode setting) {
    return tokenizers.computeIfAbsent(setting.path("tokenizer").asText(),
        name -> HuggingFaceTokenizers.load(OracleFiles.path("tokenizers/" + name)));
  }

  void close() {
    tokenizers.values().forEach(Tokenizer::close);
  }

  /** Upstream renders the model's own Jinja template for this name in inference. */
  static boolean rendersJinja(String template, String mode) {
    return template.equals("dummy") && !mode.equals("train");
  }

  /** What differs; empty if nothing does. */
  static String check(RowEncoder encoder, JsonNode row, JsonNode want, boolean training) throws IOException {
    List<EncodedRow> got;
    try {
      Map<String, Object> extra = extra(row);
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

  static String compare(EncodedRow got, JsonNode want, boolean training, boolean pieces) {
    List<Object> gotPieces = new ArrayList<>();
    for (Piece piece : got.pieces()) {
      gotPieces.add(List.of(piece.text() == null ? piece.ids() : piece.text(), piece.weight()));
    }
    JsonNode ours = JSON.valueToTree(gotPieces);
    if (pieces && want.has("pieces") && !ours.toString().equals(want.path("pieces").toString())) {
      return "pieces\n  got  " + ours + "\n  want " + want.path("pieces");
    }
    if (want.has("input_ids") && !JSON.valueToTree(got.ids()).toString().equals(want.path("input_ids").toString())) {
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

  /** OpenAI's tool_calls are rewritten when a file is read. */
  private static List<Message> loaded(JsonNode row) throws IOException {
    Path file = Files.createTempFile("row", ".jsonl");
    try {
      Files.writeString(file, row.toString());
      return DatasetLoader.load(List.of(file.toString()), LoadOptions.DEFAULT).rows().getFirst().messages();
    } finally {
      Files.delete(file);
    }
  }

  static Map<String, Object> extra(JsonNode row) {
    Map<String, Object> extra = new HashMap<>();
    row.properties().stream().filter(e -> !e.getKey().equals("messages"))
        .forEach(e -> extra.put(e.getKey(), JSON.convertValue(e.getValue(), Object.class)));
    return extra;
  }

  static List<Message> messages(JsonNode row) throws IOException {
    if (row.toString().contains("tool_calls")) {
      return loaded(row);
    }
    List<Message> messages = new ArrayList<>();
    for (JsonNode m : row.path("messages")) {
      messages.add(new Message(m.path("role").asText(), JSON.convertValue(m.path("content"), Object.class),
          m.has("loss") ? m.path("loss").asBoolean() : null,
          m.has("loss_scale") ? m.path("loss_scale").asDouble() : null));
    }
    return messages;
  }
}
