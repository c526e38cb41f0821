package io.swiftjvm.model.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.hub.GenerationConfig;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.RopeSpec;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RopesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  private RopeSpec read(JsonNode golden, boolean oldStyle) throws IOException {
    ObjectNode config = JSON.createObjectNode();
    ObjectNode rope = golden.get("rope").deepCopy();
    if (oldStyle) {
      config.set("rope_theta", rope.remove("rope_theta"));
      rope.set("type", rope.remove("rope_type"));
      config.set("rope_scaling", rope);
    } else {
      config.set("rope_parameters", rope);
    }
    Path file = folder.resolve("config.json");
    Files.writeString(file, config.toString());
    ModelConfig source = ModelConfig.read(file, GenerationConfig.EMPTY);
    return Ropes.read(source, source.rope(), golden.get("head_dim").asInt(),
        golden.get("max_position_embeddings").asInt(), 1, false);
  }

  @Test
  void frequencies_are_those_of_transformers_in_both_styles() throws IOException {
    JsonNode all = JSON.readTree(OracleFiles.path("misc/rope.json").toFile());
    assertThat(all).hasSize(12);
    for (JsonNode golden : all) {
      for (boolean oldStyle : new boolean[] {false, true}) {
        RopeSpec spec = read(golden, oldStyle);
        for (Map.Entry<String, JsonNode> length : golden.get("seq_len").properties()) {
          float[] found = spec.frequencies(length.getKey().equals("None") ? 0 : Long.parseLong(length.getKey()));
          JsonNode wanted = length.getValue().get("inv_freq");
          assertThat(found).hasSize(wanted.size());
          for (int i = 0; i < found.length; i++) {
            double f = wanted.get(i).asDouble();
            assertThat((double) found[i]).as("%s at %s", golden.get("rope"), i).isCloseTo(f, within(1e-6 * f));
          }
          double attention = length.getValue().get("attention_scaling").asDouble();
          assertThat(spec.attentionFactor()).isCloseTo(attention, within(1e-9));
        }
      }
    }
  }
}
