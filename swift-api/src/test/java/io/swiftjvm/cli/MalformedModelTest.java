package io.swiftjvm.cli;

import static io.swiftjvm.cli.CliRun.done;
import static io.swiftjvm.cli.CliRun.line;
import static io.swiftjvm.cli.CliRun.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.hub.ModelSource;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A broken model or adapter is refused with the file that is broken. */
class MalformedModelTest {
  private static final String WEIGHTS = "model.safetensors";

  @TempDir
  Path temp;
  private Path model;

  @BeforeEach
  void copyTheEmbeddedModel() throws IOException {
    model = Files.createDirectory(temp.resolve("model"));
    try (ModelSource source = ModelSource.locator().open("swift-tiny"); Stream<Path> files = Files.list(source.folder())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, model.resolve(file.getFileName().toString()));
      }
    }
  }

  @Test
  void the_copy_is_a_model() throws IOException {
    assertThat(done("check", "--model", model.toString()).last().get("warnings").asInt()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", WEIGHTS, "tokenizer.json"})
  void a_missing_file_is_named(String file) throws IOException {
    Files.delete(model.resolve(file));
    refused(3, line("check", "--model", model.toString()), file.replaceFirst("\\..*", ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", WEIGHTS, "tokenizer.json", "generation_config.json", "tokenizer_config.json"})
  void a_file_cut_in_half_is_named(String file) throws IOException {
    try (RandomAccessFile raw = new RandomAccessFile(model.resolve(file).toFile(), "rw")) {
      raw.setLength(raw.length() / 2);
    }
    refused(3, line("check", "--model", model.toString()), file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", WEIGHTS, "tokenizer.json", "generation_config.json", "tokenizer_config.json"})
  void a_folder_or_an_empty_file_in_place_of_a_file_is_named(String file) throws IOException {
    Files.write(model.resolve(file), new byte[0]);
    refused(3, line("check", "--model", model.toString()), file);
    Files.delete(model.resolve(file));
    Files.createDirectory(model.resolve(file));
    CliRun run = CliRun.of("check", "--model", model.toString());
    assertThat(run.err()).doesNotContain("a bug in", "\tat ");
    assertThat(run.code()).isIn(0, 3);
  }

  @ParameterizedTest
  @CsvSource({
      "hidden_size, 65, embed_tokens", "hidden_size, -1, hidden_size", "hidden_size, 1e30, hidden_size",
      "hidden_size, \"x\", hidden_size", "vocab_size, 1, embed_tokens", "num_hidden_layers, 0, num_hidden_layers",
      "num_hidden_layers, 99, layers", "num_attention_heads, 0, num_attention_heads", "model_type, 5, model_type",
      "rms_norm_eps, \"x\", rms_norm_eps", "rope_theta, 0, rope_theta",
      "intermediate_size, 7, mlp", "max_position_embeddings, 0, max_position_embeddings", "head_dim, 3, head_dim"})
  void a_wrong_size_is_named(String key, String value, String word) throws IOException {
    Path config = model.resolve("config.json");
    String text = Files.readString(config);
    String changed = text.replaceFirst("(\"" + key + "\"\\s*:\\s*)[^,\\n}]+", "$1" + value);
    Files.writeString(config, changed.equals(text) ? text.replaceFirst("\\{", "{\"" + key + "\": " + value + ",") : changed);
    refused(3, line("check", "--model", model.toString()), word);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{{", "{% for %}", "{{ raise_exception('no') }}", "{{ 1/0 }}", "{% for i in range(999999999) %}x{% endfor %}"})
  void a_broken_chat_template_is_told(String template) throws IOException {
    Files.writeString(model.resolve("chat_template.jinja"), template);
    CliRun run = CliRun.of("check", "--model", model.toString());
    assertThat(run.err()).containsIgnoringCase("template").doesNotContain("a bug in", "\tat ");
    assertThat(run.code()).isIn(0, 3);
  }

  @ParameterizedTest
  @CsvSource({
      "\"r\"\\s*:\\s*\\d+, '\"r\": 3', ''", "\"r\"\\s*:\\s*\\d+, '\"r\": 0', r", "\"r\"\\s*:\\s*\\d+, '\"r\": \"x\"', r",
      "LORA, PREFIX_TUNING, target_modules", "\"peft_type\", \"x\", peft_type"})
  void an_adapter_that_does_not_fit_is_refused_by_name(String pattern, String replacement, String word) throws IOException {
    Path adapter = adapter();
    Path config = adapter.resolve("adapter_config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replaceFirst(pattern, replacement));
    assertThat(Files.readString(config)).isNotEqualTo(text);
    refused(3, line("infer", "--model", "swift-tiny", "--prompt", "a", "--adapters", adapter.toString()), "adapter", word);
  }

  @Test
  void a_cut_adapter_and_one_without_weights_are_refused_by_name() throws IOException {
    Path weights = adapter().resolve("adapter_model.safetensors");
    String[] call = line("infer", "--model", "swift-tiny", "--prompt", "a", "--adapters", weights.getParent().toString());
    byte[] all = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(all, all.length - 5));
    refused(3, call, "adapter_model.safetensors");
    Files.delete(weights);
    refused(3, call, "adapter_model");
  }

  private Path adapter() {
    try (Run run = Swift.model("swift-tiny").lora(l -> l.rank(2)).training(t -> t.batch(b -> b.maxSteps(1)))
        .with("model_name", "A").with("model_author", "B").outputDir(temp.resolve("out"))
        .train("swift/self-cognition#2")) {
      return run.checkpoint().orElseThrow();
    }
  }
}
