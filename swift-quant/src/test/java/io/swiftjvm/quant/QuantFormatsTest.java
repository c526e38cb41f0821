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
  @ValueSource(strings = {"gptq", "awq", "bitsandbytes", "fp8", "compressed-tensors", "something-new"})
  void a_quantised_checkpoint_is_refused_with_its_method_and_file(String method) throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"quantization_config\":{\"quant_method\":\"" + method + "\"}}");
    assertThatThrownBy(() -> QuantFormats.requireSupported(ModelConfig.load(folder)))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("'" + method + "'")
        .hasMessageContaining("config.json")
        .hasMessageContaining("float32, bf16, fp16");
  }

  @Test
  void plain_weights_pass() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"quantization_config\":null}");
    assertThatCode(() -> QuantFormats.requireSupported(ModelConfig.load(folder))).doesNotThrowAnyException();
  }
}
