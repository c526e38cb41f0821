package io.swiftjvm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelSourceTest {
  @TempDir Path folder;

  private ModelSource.Locator locator() {
    return ModelSource.locator().environment(Environment.of(Map.of("HF_HUB_OFFLINE", "1"), folder));
  }

  @Test
  void a_local_folder_is_taken_as_it_is() {
    try (ModelSource source = locator().open(folder.toString())) {
      assertThat(source.folder()).isEqualTo(folder);
      assertThat(source.kind()).isEqualTo(ModelSource.Kind.FOLDER);
    }
    assertThat(folder).exists();
  }

  @Test
  void a_file_is_refused() throws IOException {
    Path file = Files.createFile(folder.resolve("model.safetensors"));
    assertThatThrownBy(() -> locator().open(file.toString()))
        .isInstanceOf(ModelFormatException.class).hasMessageContaining("is a file");
  }

  @Test
  void a_repository_in_the_hugging_face_cache_is_found_through_its_links() throws IOException {
    Path repository = folder.resolve(".cache/huggingface/hub/models--Qwen--Qwen3-0.6B");
    Path snapshot = Files.createDirectories(repository.resolve("snapshots/abc123"));
    Files.createDirectories(repository.resolve("snapshots/old"));
    Files.createDirectories(repository.resolve("refs"));
    Files.createDirectories(repository.resolve("blobs"));
    Files.writeString(repository.resolve("refs/main"), "abc123");
    new SafetensorsWriter().add("a", new long[] {1}, new float[] {2f}).write(repository.resolve("blobs/f00d"));
    Files.createSymbolicLink(snapshot.resolve("model.safetensors"), Path.of("../../blobs/f00d"));
    try (ModelSource source = locator().open("Qwen/Qwen3-0.6B");
        Checkpoint weights = Checkpoint.open(source.folder())) {
      assertThat(source.kind()).isEqualTo(ModelSource.Kind.CACHED);
      assertThat(source.folder()).isEqualTo(snapshot);
      assertThat(weights.get("a").floats()).containsExactly(2f);
    }
    Files.writeString(repository.resolve("refs/main"), "../../../..");
    assertThatThrownBy(() -> locator().open("Qwen/Qwen3-0.6B")).hasMessageContaining("does not name a revision");
    Files.delete(repository.resolve("refs/main"));
    assertThatThrownBy(() -> locator().open("Qwen/Qwen3-0.6B")).hasMessageContaining("2 revisions");
  }

  @Test
  void a_repository_in_the_modelscope_cache_is_found() throws IOException {
    Path model = Files.createDirectories(folder.resolve("ms/models/Qwen/Qwen3-0___6B"));
    Files.writeString(model.resolve("config.json"), "{}");
    Environment environment = Environment.of(
        Map.of("MODELSCOPE_CACHE", folder.resolve("ms").toString(), "TRANSFORMERS_OFFLINE", "true"), folder);
    try (ModelSource source = locator().environment(environment).open("Qwen/Qwen3-0.6B")) {
      assertThat(source.folder()).isEqualTo(model);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "absent", "Org/Absent", "../..x/y", "http://example.org/x", "a\0b", "a/../b"})
  void anything_else_is_refused_with_what_was_tried(String model) {
    assertThatThrownBy(() -> locator().open(model))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("Tried: a local folder; a model inside the library")
        .hasMessageFindingMatch("Downloads are off|Pass a folder");
  }
}
