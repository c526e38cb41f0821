package io.swiftjvm.model.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.GenerationConfig;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.RopeScaling;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FamiliesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  private DecoderConfig read(String type, Map<String, ?> changes) {
    ObjectNode config = JSON.createObjectNode().put("model_type", type).put("vocab_size", 32).put("hidden_size", 8)
        .put("intermediate_size", 12).put("num_hidden_layers", 3).put("num_attention_heads", 2)
        .put("max_position_embeddings", 64).put("rms_norm_eps", 1e-5);
    changes.forEach((key, value) -> config.set(key, JSON.valueToTree(value)));
    Path file = folder.resolve("config.json");
    try {
      Files.writeString(file, config.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ModelConfig source = ModelConfig.read(file, GenerationConfig.EMPTY);
    return Families.of(source).config(source);
  }

  private static List<Integer> windows(DecoderConfig config) {
    return config.layers().stream().map(layer -> layer.mixer().window()).toList();
  }

  private static AttentionConfig attention(DecoderConfig config) {
    return (AttentionConfig) config.layer(0).mixer();
  }

  private static MlpConfig mlp(DecoderConfig config) {
    return (MlpConfig) config.layer(0).feedForward();
  }

  @Test
  void an_unknown_family_is_refused_with_the_supported_ones() {
    assertThat(Families.supported()).contains("llama", "mistral", "qwen2", "qwen3");
    assertThatThrownBy(() -> Families.of("bert")).isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("'bert'", "llama, minicpm, mistral, mixtral");
    assertThatThrownBy(() -> read("bloom", Map.of())).isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("'bloom'", "config.json");
  }

  @Test
  void a_llama_1_file_has_as_many_key_heads_as_heads_and_no_rope_settings() {
    DecoderConfig config = read("llama", Map.of());
    assertThat(attention(config).kvHeads()).isEqualTo(2);
    assertThat(attention(config).headDim()).isEqualTo(4);
    assertThat(attention(config).scale()).isEqualTo(.5f);
    assertThat(attention(config).rope().theta()).isEqualTo(10_000);
    assertThat(attention(config).rope().scaling()).isEqualTo(new RopeScaling.None());
    assertThat(config.tied()).isFalse();
    assertThat(config.norm().eps()).isEqualTo(1e-5f);
    assertThat(mlp(config).activation()).isEqualTo(Unary.SILU);
  }

  @Test
  void biases_are_those_of_the_family() {
    assertThat(attention(read("qwen2", Map.of())).qkvBias()).isTrue();
    assertThat(attention(read("qwen2", Map.of())).outputBias()).isFalse();
    assertThat(attention(read("qwen3", Map.of())).qkvBias()).isFalse();
    assertThat(attention(read("qwen3", Map.of())).qkNorm()).isEqualTo(AttentionConfig.QkNorm.HEAD);
    assertThat(attention(read("qwen3", Map.of())).headDim()).isEqualTo(128);
    assertThat(attention(read("llama", Map.of("attention_bias", true))).outputBias()).isTrue();
    assertThat(mlp(read("llama", Map.of("mlp_bias", true))).bias()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2", "qwen3"})
  void windows_of_qwen_need_the_switch(String type) {
    assertThat(windows(read(type, Map.of("sliding_window", 8, "max_window_layers", 1)))).containsOnly(0);
    assertThat(windows(read(type, Map.of("sliding_window", 8, "max_window_layers", 1, "use_sliding_window", true))))
        .containsExactly(0, 8, 8);
    assertThat(windows(read(type, Map.of("sliding_window", 8, "use_sliding_window", true, "layer_types",
        List.of("sliding_attention", "full_attention", "sliding_attention"))))).containsExactly(8, 0, 8);
    assertThat(windows(read(type, Map.of("sliding_window", 8, "use_sliding_window", true)))).containsOnly(0);
  }

  @Test
  void a_window_of_mistral_is_for_all_layers() {
    assertThat(windows(read("mistral", Map.of("sliding_window", 8)))).containsExactly(8, 8, 8);
    assertThat(windows(read("mistral", Map.of()))).containsOnly(0);
  }

  @Test
  void both_styles_of_rope_settings_are_read() {
    Map<String, Object> linear = Map.of("type", "linear", "factor", 2.0);
    Map<String, Object> modern = Map.of("rope_theta", 5e5, "rope_type", "linear", "factor", 2);
    assertThat(attention(read("llama", Map.of("rope_theta", 5e5, "rope_scaling", linear))).rope())
        .isEqualTo(attention(read("llama", Map.of("rope_parameters", modern))).rope());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
    "hidden_act|\"mish\"", "attention_dropout|1.5", "num_key_value_heads|3", "head_dim|0", "head_dim|3",
    "hidden_size|9", "num_hidden_layers|0", "vocab_size|-1", "rope_scaling|{\"type\":\"mrope\"}",
    "rope_scaling|{\"type\":\"linear\"}",
    "rope_scaling|{\"type\":\"longrope\",\"short_factor\":[1],\"long_factor\":[1,2]}",
    "rope_scaling|{\"rope_type\":\"llama3\",\"factor\":8}", "rms_norm_eps|0", "tie_word_embeddings|1",
    "use_sliding_window|\"yes\"", "layer_types|[\"full_attention\"]",
    "intermediate_size|1e12"})
  void what_is_not_supported_is_refused_by_its_name(String key, String value) throws IOException {
    Map<String, Object> change = Map.of(key, JSON.readTree(value));
    String named = key.equals("hidden_size") ? "num_attention_heads" : key;
    assertThatThrownBy(() -> read("qwen2", change)).isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll(named, "config.json");
  }
}
