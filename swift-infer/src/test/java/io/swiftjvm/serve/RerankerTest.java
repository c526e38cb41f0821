package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.serve.TinyServer.Answer;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Classifiers behind the server: with one label they rank, with several they refuse to. */
class RerankerTest {
  private static final String ASK =
      "{'model':'ranker','query':'what is a cat','documents':['a cat is an animal','zebra 42']}";

  /** The golden classifier of three labels with the first of them only. */
  private static void oneLabel(Path to) throws IOException {
    Path from = OracleFiles.path("models/qwen3-seqcls");
    for (String name : new String[] {"tokenizer.json", "tokenizer_config.json"}) {
      Files.copy(from.resolve(name), to.resolve(name));
    }
    ObjectNode config = (ObjectNode) TinyServer.JSON.readTree(Files.readString(from.resolve("config.json")));
    config.putObject("id2label").put("0", "LABEL_0");
    config.putObject("label2id").put("LABEL_0", 0);
    Files.writeString(to.resolve("config.json"), config.toString());
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(from.resolve("model.safetensors"))) {
      for (String name : file.names()) {
        float[] values = file.entry(name).floats();
        long[] shape = file.entry(name).shape();
        boolean score = name.equals("score.weight");
        writer.add(name, score ? new long[] {1, shape[1]} : shape,
            score ? Arrays.copyOf(values, (int) shape[1]) : values);
      }
      writer.write(to.resolve("model.safetensors"));
    }
  }

  @Test
  void a_classifier_with_one_label_reads_pairs_and_gives_the_scores_of_transformers(@TempDir Path folder)
      throws IOException {
    oneLabel(folder);
    try (TinyServer tiny = new TinyServer(folder, o -> o.name("ranker"))) {
      Answer answer = tiny.post("/v1/rerank", ASK);
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      JsonNode results = answer.json().path("results");
      // sigmoid of the first logit of AutoModelForSequenceClassification(tokenizer(query, document)), transformers 5.18
      assertThat(results.at("/0/index").asInt()).isEqualTo(1);
      assertThat(results.at("/0/relevance_score").asDouble()).isCloseTo(0.3945698187767992, within(1e-4));
      assertThat(results.at("/1/relevance_score").asDouble()).isCloseTo(0.16077831370362375, within(1e-4));
      assertThat(answer.json().at("/usage/total_tokens").asInt()).isEqualTo(17 + 14);
      assertThat(tiny.post("/v1/score", "{'model':'ranker','text_1':'what is a cat','text_2':'zebra 42'}").json()
          .at("/data/0/score").asDouble()).isCloseTo(0.3945698187767992, within(1e-4));
      assertThat(tiny.post("/v1/completions", "{'model':'ranker','prompt':'a'}").status()).isEqualTo(400);
      assertThat(tiny.get("/health").status()).isEqualTo(200);
    }
  }

  @Test
  void a_classifier_with_several_labels_does_not_rank() {
    try (TinyServer tiny = new TinyServer(OracleFiles.path("models/qwen3-seqcls"), o -> o.name("ranker"))) {
      Answer answer = tiny.post("/v1/rerank", ASK);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.json().at("/error/message").asText()).contains("3 classes");
    }
  }
}
