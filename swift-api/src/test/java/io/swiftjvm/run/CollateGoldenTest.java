package io.swiftjvm.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.data.Batch;
import io.swiftjvm.data.rows.Message;
import io.swiftjvm.data.rows.Origin;
import io.swiftjvm.data.rows.PreferencePair;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.data.template.EncodeOptions;
import io.swiftjvm.data.template.EncodedRow;
import io.swiftjvm.data.template.RowEncoder;
import io.swiftjvm.data.template.Templates;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Our batches have no padding; taken without theirs, ms-swift's hold the same tokens, labels, weights and positions, of
 * single rows, padded, packed and padding-free batches, and of pairs.
 */
class CollateGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int NONE = -100;

  private final JsonNode plainRows = JSON.readTree(OracleFiles.path("swift_data/rows.json").toFile());
  private final JsonNode pairRows = JSON.readTree(OracleFiles.path("swift_data/preference.json").toFile()).path("rows");

  CollateGoldenTest() throws IOException {}

  private Row row(String name) {
    JsonNode node = plainRows.has(name) ? plainRows.path(name) : pairRows.path(name);
    List<Message> messages = new ArrayList<>();
    node.path("messages").forEach(m -> messages.add(new Message(m.path("role").asText(), m.path("content").asText(),
        m.has("loss") ? m.path("loss").asBoolean() : null, m.has("loss_scale") ? m.path("loss_scale").asDouble() : null)));
    Map<String, Object> extra = new LinkedHashMap<>();
    node.properties().stream().filter(e -> !e.getKey().equals("messages"))
        .forEach(e -> extra.put(e.getKey(), JSON.convertValue(e.getValue(), Object.class)));
    return new Row(messages, extra, new Origin(name, 0));
  }

  @Test
  void batches_hold_what_the_reference_holds_without_padding() throws IOException {
    Map<String, Tokenizer> tokenizers = new HashMap<>();
    try {
      JsonNode golden = JSON.readTree(OracleFiles.path("swift_data/collate.json").toFile());
      for (JsonNode test : golden) {
        Tokenizer tokenizer = tokenizers.computeIfAbsent(test.path("tokenizer").asText(),
            name -> HuggingFaceTokenizers.load(OracleFiles.path("tokenizers/" + name)));
        check(test, tokenizer);
      }
      assertThat(golden).hasSize(11);
    } finally {
      tokenizers.values().forEach(Tokenizer::close);
    }
  }

  private void check(JsonNode test, Tokenizer tokenizer) {
    EncodeOptions options = EncodeOptions.defaults().upstreamCompatible(true);
    if (test.path("options").has("loss_scale")) {
      options = options.lossScale(test.path("options").path("loss_scale").asText());
      options = options.binaryLossScale(!options.weighs());
    }
    RowEncoder encoder = new RowEncoder(Templates.of(test.path("template").asText()), tokenizer, options);
    boolean inference = test.path("mode").asText().equals("transformers");
    List<Row> rows = new ArrayList<>();
    List<Row> rejected = new ArrayList<>();
    for (JsonNode name : test.path("rows")) {
      Row row = row(name.asText());
      boolean pair = test.path("mode").asText().equals("rlhf");
      rows.add(pair ? PreferencePair.of(row).chosen() : row);
      if (pair) {
        rejected.add(PreferencePair.of(row).rejected());
      }
    }
    rows.addAll(rejected); // the reference puts all preferred rows first
    List<Batch> encoded = rows.stream().map(row -> inference ? encoder.prompt(row.messages(), row.extra())
        : encoder.encode(row.messages(), row.extra()).getFirst()).map((EncodedRow e) -> RowEncoding.batch(e)).toList();
    Batch batch = RowBatches.join(encoded);
    String prefix = test.path("out").has("completion_input_ids") ? "completion_" : "";
    Flat want = new Flat(test.path("out"), prefix);
    assertThat(batch.ids()).as(test.path("rows").toString()).containsExactly(want.ints(want.ids));
    if (!inference) {
      assertThat(batch.labels()).containsExactly(want.ints(want.labels));
    }
    if (test.path("out").has("position_ids")) {
      assertThat(batch.positions()).containsExactly(want.ints(want.positions));
    }
    float[] weights = batch.weights();
    if (test.path("out").has("loss_scale")) {
      for (int i = 0; weights != null && i < weights.length; i++) {
        assertThat((double) weights[i]).isEqualTo(want.weights.get(i));
      }
    }
    assertThat(weights != null).isEqualTo(test.path("out").has("loss_scale"));
  }

  /** The reference's rows without padding, one behind the other, labels and weights moved to the token that predicts. */
  private static final class Flat {
    private final List<Integer> ids = new ArrayList<>();
    private final List<Integer> labels = new ArrayList<>();
    private final List<Integer> positions = new ArrayList<>();
    private final List<Double> weights = new ArrayList<>();

    Flat(JsonNode out, String prefix) {
      JsonNode all = out.path(prefix + "input_ids");
      for (int row = 0; row < all.size(); row++) {
        JsonNode mask = out.path(prefix + "attention_mask").path(row);
        for (int i = 0; i < all.path(row).size(); i++) {
          if (mask.isMissingNode() || mask.path(i).asInt() == 1) {
            ids.add(all.path(row).path(i).asInt());
            JsonNode next = out.path(prefix + "labels").path(row).path(i + 1);
            boolean within = !next.isMissingNode() && (mask.isMissingNode() || mask.path(i + 1).asInt() == 1);
            labels.add(within ? next.asInt() : NONE);
            positions.add(out.path("position_ids").path(row).path(i).asInt());
            weights.add(within ? out.path("loss_scale").path(row).path(i + 1).asDouble() : 0);
          }
        }
      }
    }

    int[] ints(List<Integer> list) {
      return list.stream().mapToInt(Integer::intValue).toArray();
    }
  }
}
