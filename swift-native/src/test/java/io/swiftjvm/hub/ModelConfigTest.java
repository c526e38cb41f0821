package io.swiftjvm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelConfigTest {
  @TempDir Path folder;

  @Test
  void a_transformers_4_file_is_read() {
    ModelConfig config = ModelConfig.load(OracleFiles.path("models/llama3"));
    assertThat(config.modelType()).isEqualTo("llama");
    assertThat(config.dtype()).contains(DType.BF16);
    assertThat(config.positiveInt("hidden_size", ConfigLimits.WIDTH)).isEqualTo(48);
    assertThat(config.rope().string("rope_type")).isEqualTo("llama3");
    assertThat(config.rope().number("rope_theta", 1, 1e9)).isEqualTo(500000);
    assertThat(config.rope().number("factor", 1, 100)).isEqualTo(8);
    assertThat(config.eosIds()).containsExactly(638);
    assertThat(config.padId()).hasValue(633);
    assertThat(config.maxModelLen()).hasValue(512);
    assertThat(config.quantMethod()).isEmpty();
  }

  @Test
  void a_transformers_5_file_is_read() {
    ModelConfig config = ModelConfig.load(OracleFiles.path("models/qwen3-untied-sharded"));
    assertThat(config.dtype()).contains(DType.F32);
    assertThat(config.rope().string("rope_type")).isEqualTo("default");
    assertThat(config.rope().number("rope_theta", 1, 1e9)).isEqualTo(1e6);
    assertThat(config.layerTypes(2)).containsOnly("full_attention");
    assertThat(config.generation().temperature()).hasValue(0.6);
    assertThat(config.generation().topK()).hasValue(20);
    assertThat(config.generation().doSample()).contains(true);
    assertThat(config.generation().minP()).isEmpty();
  }

  @Test
  void the_language_part_of_a_larger_model_is_read_from_text_config() throws IOException {
    ModelConfig config = config("""
        {"architectures": ["Qwen3ForCausalLM"], "max_position_embeddings": 4096, "eos_token_id": [1, 2],
         "text_config": {"hidden_size": 64, "dtype": "torch.float16", "seq_length": 100,
           "rope_parameters": {"full_attention": {"rope_type": "yarn", "rope_theta": 5}}}}""");
    assertThat(config.positiveInt("hidden_size", 100)).isEqualTo(64);
    assertThat(config.modelType()).isEqualTo("qwen3");
    assertThat(config.maxModelLen()).hasValue(100);
    assertThat(config.eosIds()).containsExactly(1, 2);
    assertThat(config.dtype()).contains(DType.F16);
    assertThat(config.rope("full_attention", 10_000).string("rope_type")).isEqualTo("yarn");
    assertThatThrownBy(() -> config.positiveInt("vocab_size", 10)).hasMessageContaining("'text_config.vocab_size'");
  }

  @Test
  void the_old_names_of_rope_scaling_are_understood() throws IOException {
    ConfigSection rope = config("{\"rope_scaling\": {\"type\": \"su\", \"short_factor\": [1, 2.5]}}").rope();
    assertThat(rope.string("rope_type")).isEqualTo("longrope");
    assertThat(rope.number("rope_theta", 1, 1e9)).isEqualTo(10000);
    assertThat(rope.numbers("short_factor", 0, 10)).containsExactly(1.0, 2.5);
  }

  @Test
  void a_file_that_says_little_leaves_the_choice_open() throws IOException {
    ModelConfig config = config("{\"model_type\": \"llama\", \"pad_token_id\": -1, \"bos_token_id\": null}");
    assertThat(config.dtype()).isEmpty();
    assertThat(config.eosIds()).isEmpty();
    assertThat(config.padId()).isEmpty();
    assertThat(config.maxModelLen()).isEmpty();
    assertThat(config.has("bos_token_id")).isFalse();
    assertThat(config.generation()).isEqualTo(GenerationConfig.EMPTY);
  }

  @Test
  void quantised_weights_are_seen() throws IOException {
    assertThat(config("{\"quantization_config\": {\"quant_method\": \"awq\"}}").quantMethod()).contains("awq");
    assertThat(config("{\"quantization_config\": {\"load_in_4bit\": true}}").quantMethod()).contains("unnamed");
  }

  @Test
  void an_unknown_architecture_is_refused_with_the_known_ones() throws IOException {
    ModelConfig config = config("{\"architectures\": [\"java.lang.Runtime\"]}");
    assertThatThrownBy(config::modelType)
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining("Qwen3ForCausalLM");
  }

  private ModelConfig config(String json) throws IOException {
    Files.writeString(folder.resolve("config.json"), json);
    return ModelConfig.load(folder);
  }
}
