package io.swiftjvm.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.SwiftException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HubArgumentsTest {
  @Test
  void hub_and_revision_have_the_names_of_ms_swift() {
    Settings settings =
        Arguments.apply(Settings.DEFAULT, Map.of("use_hf", true, "model_revision", "v1", "model", "a/b"));
    assertThat(settings.model().useHf()).isTrue();
    assertThat(settings.model().revision()).isEqualTo("v1");
    assertThat(Settings.DEFAULT.model().useHf()).isNull();
    assertThat(Settings.DEFAULT.model().revision()).isNull();
    assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT, Map.of("use_hf", "perhaps")))
        .isInstanceOf(SwiftException.class).hasMessageContaining("use_hf");
  }

  @Test
  void an_adapter_names_its_base_as_other_libraries_know_it() {
    assertThat(model("hf::Qwen/Qwen3-0.6B@main").baseName()).isEqualTo("Qwen/Qwen3-0.6B");
    assertThat(model("Qwen/Qwen3-0.6B").baseName()).isEqualTo("Qwen/Qwen3-0.6B");
    assertThat(model("swift-tiny").baseName()).isEqualTo("swift-tiny");
    assertThat(model("/some/folder").baseName()).isEqualTo("/some/folder");
  }

  private static ModelSettings model(String name) {
    return ModelSettings.DEFAULT.model(name);
  }
}
