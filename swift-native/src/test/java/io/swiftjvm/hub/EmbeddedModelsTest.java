package io.swiftjvm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.ModelFormatException;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedModelsTest {
  @TempDir Path folder;

  @Test
  void a_model_in_a_jar_is_unpacked_and_deleted_on_close() throws IOException {
    try (URLClassLoader loader = jar(Map.of("files.txt", "config.json\n", "config.json", "{}"))) {
      ModelSource source = new EmbeddedModels(loader).open("tiny", null);
      assertThat(source.kind()).isEqualTo(ModelSource.Kind.EMBEDDED);
      assertThat(source.folder().resolve("config.json")).hasContent("{}");
      source.close();
      source.close();
      assertThat(source.folder()).doesNotExist();
    }
  }

  @Test
  void a_cache_folder_keeps_the_model_and_tells_versions_apart() throws IOException {
    Path cache = folder.resolve("cache");
    Path first;
    try (URLClassLoader loader = jar(Map.of("files.txt", "config.json\n", "config.json", "{}"));
        ModelSource source = new EmbeddedModels(loader).open("tiny", cache)) {
      first = source.folder();
    }
    assertThat(first.resolve("config.json")).hasContent("{}");
    try (URLClassLoader loader = jar(Map.of("files.txt", "config.json\n", "config.json", "{\"a\":1}"));
        ModelSource source = new EmbeddedModels(loader).open("tiny", cache);
        ModelSource again = new EmbeddedModels(loader).open("tiny", cache)) {
      assertThat(source.folder()).isNotEqualTo(first).isEqualTo(again.folder());
    }
    try (var kept = Files.list(cache.resolve("embedded"))) {
      assertThat(kept).hasSize(2);
    }
  }

  @Test
  void a_model_in_a_class_folder_is_used_where_it_lies() throws IOException {
    Path there = Files.createDirectories(folder.resolve("classes/io/swiftjvm/models/tiny"));
    Files.writeString(there.resolve("files.txt"), "config.json");
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.resolve("classes/").toUri().toURL()}, null);
        ModelSource source = new EmbeddedModels(loader).open("tiny", null)) {
      assertThat(source.folder()).isEqualTo(there);
    }
    assertThat(there).exists();
  }

  @Test
  void a_list_that_leads_elsewhere_is_refused() throws IOException {
    try (URLClassLoader loader = jar(Map.of("files.txt", "../evil\n"))) {
      EmbeddedModels models = new EmbeddedModels(loader);
      assertThatThrownBy(() -> models.open("tiny", null))
          .isInstanceOf(ModelFormatException.class).hasMessageContaining("not a plain file name");
    }
    try (URLClassLoader loader = jar(Map.of("files.txt", "absent.json\n"))) {
      EmbeddedModels models = new EmbeddedModels(loader);
      assertThat(models.exists("tiny")).isTrue();
      assertThat(models.exists("../tiny")).isFalse();
      assertThatThrownBy(() -> models.open("tiny", folder))
          .isInstanceOf(ModelFormatException.class).hasMessageContaining("not on the class path");
    }
  }

  private URLClassLoader jar(Map<String, String> files) throws IOException {
    Path jar = Files.createTempFile(folder, "models", ".jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (Map.Entry<String, String> file : files.entrySet()) {
        out.putNextEntry(new JarEntry("io/swiftjvm/models/tiny/" + file.getKey()));
        out.write(file.getValue().getBytes(StandardCharsets.UTF_8));
      }
    }
    return new URLClassLoader(new URL[] {jar.toUri().toURL()}, null);
  }
}
