package io.swiftjvm.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.data.Batch;
import io.swiftjvm.data.rows.DatasetLoader;
import io.swiftjvm.data.rows.Drops;
import io.swiftjvm.data.rows.LoadOptions;
import io.swiftjvm.data.rows.Mixing;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.data.template.EncodeOptions;
import io.swiftjvm.data.template.RowEncoder;
import io.swiftjvm.data.template.Templates;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.plan.Arguments;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of classifiers, embeddings and rerankers as ms-swift encodes them. */
class TextRowsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir
  Path temp;

  private Row row(JsonNode node) throws IOException {
    Path file = Files.writeString(temp.resolve("row.jsonl"), node.toString());
    LoadOptions options = LoadOptions.DEFAULT.strict(true);
    return DatasetLoader.load(List.of(file.toString()), options, 0, Mixing.NONE, new Drops(options, drop -> { }))
        .rows().getFirst();
  }

  private static Settings settings(String task, Map<String, Object> more) {
    return Arguments.apply(Arguments.apply(Settings.DEFAULT, Map.of("task_type", task)), more);
  }

  private static List<int[]> texts(Batch batch) {
    List<int[]> out = new ArrayList<>();
    for (int i = 0; i + 1 < batch.cuSeqlens().length; i++) {
      out.add(Arrays.copyOfRange(batch.ids(), batch.cuSeqlens()[i], batch.cuSeqlens()[i + 1]));
    }
    return out;
  }

  private static List<int[]> expected(JsonNode golden) {
    List<int[]> out = new ArrayList<>();
    if (golden.has("anchor")) {
      out.add(ids(golden.at("/anchor/input_ids")));
      out.add(ids(golden.at("/positive/input_ids")));
      golden.path("negative_input_ids").forEach(text -> out.add(ids(text)));
    } else if (golden.path("input_ids").path(0).isArray()) {
      golden.path("input_ids").forEach(text -> out.add(ids(text)));
    } else {
      out.add(ids(golden.path("input_ids")));
    }
    return out;
  }

  private static int[] ids(JsonNode list) {
    return JSON.convertValue(list, int[].class);
  }

  @Test
  void texts_and_targets_are_those_of_the_reference() throws IOException {
    JsonNode golden = JSON.readTree(OracleFiles.path("swift_data/preference.json").toFile());
    int compared = 0;
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(OracleFiles.path("tokenizers/qwen"))) {
      for (JsonNode test : golden.path("cases")) {
        String task = test.path("task_type").asText();
        if (!List.of("seq_cls", "embedding", "reranker").contains(task) || !test.path("mode").asText().equals("train")) {
          continue;
        }
        RowEncoder encoder = new RowEncoder(Templates.of(test.path("template").asText()), tokenizer,
            EncodeOptions.defaults().upstreamCompatible(true));
        for (Map.Entry<String, JsonNode> entry : test.path("results").properties()) {
          Map<String, Object> more = switch (entry.getKey()) {
            case "cls_multi" -> Map.of("num_labels", 3, "problem_type", "multi_label_classification");
            case "cls", "cls_answer" -> Map.of("num_labels", 2);
            case "emb_pair" -> Map.of("loss_type", "cosine_similarity");
            default -> Map.of();
          };
          TextRows rows = new TextRows(
              settings(task, more), row -> encoder.encode(row.messages(), row.extra()).getFirst(), task.equals("seq_cls")
                  ? (int) more.get("num_labels") : 1);
          Batch batch = rows.of(row(golden.path("rows").path(entry.getKey())));
          assertThat(texts(batch)).as(entry.getKey()).usingRecursiveFieldByFieldElementComparator()
              .containsExactlyElementsOf(expected(entry.getValue()));
          float[][] targets = switch (entry.getKey()) {
            case "cls" -> new float[][] {{1}};
            case "cls_answer" -> new float[][] {{0}};
            case "cls_multi" -> new float[][] {{1, 0, 1}};
            case "emb" -> new float[][] {{-1}, {1}, {0}, {0}};
            case "emb_pair" -> new float[][] {{0.8f}, {0.8f}};
            default -> new float[][] {{1}, {0}, {0}};
          };
          assertThat(batch.facts().stream().map(f -> f.target()).toArray(float[][]::new)).isDeepEqualTo(targets);
          compared++;
        }
      }
      assertThat(compared).isEqualTo(6);
      TextRows few = new TextRows(settings("embedding", Map.of("infonce_hard_negatives", 3)),
          row -> new RowEncoder(Templates.of("qwen3"), tokenizer, EncodeOptions.defaults())
              .encode(row.messages(), row.extra()).getFirst(), 1);
      assertThat(few.of(row(golden.at("/rows/emb"))).facts()).hasSize(5);
      assertThatThrownBy(() -> few.of(row(golden.at("/rows/cls")))).isInstanceOf(DatasetException.class)
          .hasMessageContaining("positive_messages");
    }
  }
}
