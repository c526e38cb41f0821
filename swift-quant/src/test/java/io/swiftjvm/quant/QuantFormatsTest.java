package io.swiftjvm.quant;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantFormatsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gptq", "awq", "bitsandbytes", "compressed-tensors", "something-new"})
  void a_quantised_checkpoint_is_refused_with_its_method_and_file(String method) throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"quantization_config\":{\"quant_method\":\"" + method + "\"}}");
    assertThatThrownBy(() -> QuantFormats.requireSupported(ModelConfig.load(folder)))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("'" + method + "'")
        .hasMessageContaining("config.json")
        .hasMessageContaining("float32, bf16, fp16");
  }

  @Test
  void fp8_with_stored_scales_of_activations_is_refused_and_without_is_read() throws IOException {
    for (String scheme : new String[] {"static", "dynamic"}) {
      Files.writeString(folder.resolve("config.json"),
          "{\"quantization_config\":{\"quant_method\":\"fp8\",\"activation_scheme\":\"" + scheme + "\"}}");
      if (scheme.equals("dynamic")) {
        assertThatCode(() -> QuantFormats.requireSupported(ModelConfig.load(folder))).doesNotThrowAnyException();
      } else {
        assertThatThrownBy(() -> QuantFormats.requireSupported(ModelConfig.load(folder)))
            .isInstanceOf(ModelFormatException.class).hasMessageContainingAll("'fp8'", "dynamic");
      }
    }
  }

  @Test
  void plain_weights_pass() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"quantization_config\":null}");
    assertThatCode(() -> QuantFormats.requireSupported(ModelConfig.load(folder))).doesNotThrowAnyException();
  }
}
