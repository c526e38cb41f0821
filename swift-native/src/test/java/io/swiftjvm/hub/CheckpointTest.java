package io.swiftjvm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
  private static final Path SHARDED = OracleFiles.path("models/qwen3-untied-sharded");

  @TempDir Path folder;

  @Test
  void a_sharded_model_gives_every_tensor_of_its_index() {
    try (Checkpoint weights = Checkpoint.open(SHARDED)) {
      long parameters = weights.names().stream().map(weights::get).mapToLong(TensorEntry::elements).sum();
      assertThat(parameters).isEqualTo(81712);
      assertThat(weights.missing(List.of("lm_head.weight", "model.extra"))).containsExactly("model.extra");
      assertThat(weights.unexpected(weights.names())).isEmpty();
    }
  }

  @Test
  void sharded_writing_gives_the_same_tensors_back_and_removes_an_older_save() throws IOException {
    try (Checkpoint weights = Checkpoint.open(SHARDED)) {
      List<TensorEntry> all = weights.names().stream().map(weights::get).toList();
      assertThat(ShardedWriter.write(folder, all)).containsExactly(folder.resolve("model.safetensors"));
      List<Path> files = ShardedWriter.write(folder, all, 100_000);
      assertThat(files).hasSizeGreaterThan(3).contains(folder.resolve("model.safetensors.index.json"));
      try (Stream<Path> found = Files.list(folder)) {
        assertThat(found).containsExactlyInAnyOrderElementsOf(files);
      }
      try (Checkpoint copy = Checkpoint.open(folder)) {
        assertThat(copy.names()).containsExactlyInAnyOrderElementsOf(weights.names());
        for (TensorEntry entry : all) {
          assertThat(copy.get(entry.name()).data().mismatch(entry.data())).isEqualTo(-1);
          assertThat(copy.get(entry.name()).shape()).isEqualTo(entry.shape());
        }
      }
    }
  }

  @Test
  void use_after_close_throws() {
    Checkpoint weights = Checkpoint.open(OracleFiles.path("models/qwen3"));
    TensorEntry norm = weights.get("model.norm.weight");
    weights.close();
    weights.close();
    assertThatThrownBy(() -> weights.get("model.norm.weight")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(norm::floats).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void an_unknown_tensor_is_refused_with_the_nearest_names() {
    try (Checkpoint weights = Checkpoint.open(OracleFiles.path("models/qwen3"))) {
      assertThatThrownBy(() -> weights.get("transformer.norm.weight"))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("model.norm.weight")
          .hasMessageContaining("qwen3");
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '#', quoteCharacter = '`', textBlock = """
      {} # no weight_map
      {'weight_map':[]} # no weight_map
      {'weight_map':{}} # no weight_map
      {'weight_map':{'a':7}} # weight_map.a is not a file name
      {'weight_map':{'a':'m.bin'}} # not a .safetensors file
      {'weight_map':{'a':'../m.safetensors'}} # not a plain file name
      {'weight_map':{'a':'/etc/m.safetensors'}} # not a plain file name
      {'weight_map':{'a':'sub/m.safetensors'}} # not a plain file name
      {'weight_map':{'a':'..\\\\m.safetensors'}} # not a plain file name
      {'weight_map':{'a':'https://example.org/m.safetensors'}} # not a plain file name
      {'weight_map':{'a':'m\\u0000.safetensors'}} # not a plain file name
      {'weight_map':{'a':'missing.safetensors'}} # no such file
      {'weight_map':{'a':'folder.safetensors'}} # not a regular file
      {'weight_map':{'a':'link.safetensors'}} # leads out of the folder
      {'weight_map':{'a':'m.safetensors','a':'m.safetensors'}} # Duplicate
      {'weight_map':{'a':'m.safetensors'}} x # Unrecognized
      ` ` # does not hold a JSON object
      """)
  void a_bad_index_is_refused_with_file_and_cause(String json, String cause) throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Path outside = folder.resolve("outside.safetensors");
    new SafetensorsWriter().add("a", new long[] {1}, new float[1]).write(outside);
    Files.createSymbolicLink(model.resolve("link.safetensors"), outside);
    Files.createDirectory(model.resolve("folder.safetensors"));
    Files.writeString(model.resolve("model.safetensors.index.json"), json.replace('\'', '"'));
    assertThatThrownBy(() -> Checkpoint.open(model))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("model.safetensors.index.json")
        .hasMessageContaining(cause);
  }

  @Test
  void a_shard_without_its_tensor_is_refused() throws IOException {
    new SafetensorsWriter().add("b", new long[] {1}, new float[1]).write(folder.resolve("m.safetensors"));
    Files.writeString(folder.resolve("model.safetensors.index.json"), "{\"weight_map\":{\"a\":\"m.safetensors\"}}");
    try (Checkpoint weights = Checkpoint.open(folder)) {
      assertThatThrownBy(() -> weights.get("a"))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("m.safetensors");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pytorch_model.bin", "model.pt", "model.pth", "model.ckpt"})
  void pickled_weights_are_refused_with_the_way_out(String name) throws IOException {
    Files.createFile(folder.resolve(name));
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("safe_serialization=True");
  }

  @Test
  void a_folder_without_weights_is_refused() throws IOException {
    Files.createFile(folder.resolve("model.gguf"));
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(ModelFormatException.class).hasMessageContaining("model.gguf");
    assertThatThrownBy(() -> Checkpoint.open(folder.resolve("none")))
        .isInstanceOf(ModelFormatException.class).hasMessageContaining("no such folder");
  }
}
