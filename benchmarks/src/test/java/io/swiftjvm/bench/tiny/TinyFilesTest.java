package io.swiftjvm.bench.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TinyFilesTest {
  private static final Path HOME =
      Files.isDirectory(Path.of("tiny/seeds")) ? Path.of("tiny") : Path.of("benchmarks/tiny");

  @TempDir static Path folder;

  @BeforeAll
  static void make_a_model_folder() throws IOException {
    TinyCorpus.main(new String[] {HOME.resolve("seeds").toString(), folder.resolve("text").toString(), "2000", "4000"});
    TokenizerFiles.main(new String[] {
        folder.resolve("text").toString(), HOME.resolve("chat_template.jinja").toString(),
        folder.resolve("init").toString()});
    TinyInit.main(new String[] {folder.resolve("init").toString()});
    TinyPack.main(new String[] {folder.resolve("init").toString(), folder.resolve("packed").toString()});
  }

  @Test
  void the_vocabulary_fills_the_embedding_exactly() throws IOException {
    JsonNode tokenizer = new ObjectMapper().readTree(folder.resolve("init/tokenizer.json").toFile());
    int tokens = tokenizer.path("model").path("vocab").size() + tokenizer.path("added_tokens").size();
    assertThat(tokens).isEqualTo(TinyShape.VOCABULARY);
    assertThat(ModelConfig.load(folder.resolve("init")).eosIds()).containsExactly(2047, 2045);
  }

  @Test
  void the_packed_folder_is_bfloat16_and_lists_its_files() throws IOException {
    Path packed = folder.resolve("packed");
    assertThat(ModelConfig.load(packed).dtype()).contains(DType.BF16);
    for (String file : Files.readAllLines(packed.resolve("files.txt"))) {
      assertThat(packed.resolve(file)).isNotEmptyFile();
    }
  }

  @Test
  void packing_rounds_every_weight_to_the_nearest_bfloat16() {
    try (Checkpoint exact = Checkpoint.open(folder.resolve("init"));
        Checkpoint packed = Checkpoint.open(folder.resolve("packed"))) {
      assertThat(packed.names()).containsExactlyInAnyOrderElementsOf(exact.names());
      float[] wide = exact.get("model.layers.0.mlp.up_proj.weight").floats();
      float[] narrow = packed.get("model.layers.0.mlp.up_proj.weight").floats();
      for (int i = 0; i < wide.length; i++) {
        assertThat(Math.abs(wide[i] - narrow[i])).isLessThanOrEqualTo(Math.abs(wide[i]) / 256);
      }
    }
  }
}
