package io.swiftjvm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.remote.HubEndpoint;
import io.swiftjvm.hub.remote.HubKind;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentTest {
  private static final Path HOME = Path.of("/home/someone");

  @Test
  void the_caches_follow_the_rules_of_the_hub_libraries() {
    Environment none = Environment.of(Map.of(), HOME);
    assertThat(none.huggingFaceCache()).isEqualTo(HOME.resolve(".cache/huggingface/hub"));
    assertThat(none.modelScopeCache()).isEqualTo(HOME.resolve(".cache/modelscope"));
    assertThat(Environment.of(Map.of("HF_HOME", "/hf"), HOME).huggingFaceCache()).isEqualTo(Path.of("/hf/hub"));
    assertThat(Environment.of(Map.of("HF_HOME", "/hf", "HF_HUB_CACHE", "/hub"), HOME).huggingFaceCache())
        .isEqualTo(Path.of("/hub"));
  }

  @Test
  void the_active_python_environments_come_before_the_user_s_own_packages() {
    assertThat(Environment.of(Map.of(), HOME).pythonRoots()).containsExactly(HOME.resolve(".local"));
    assertThat(Environment.of(Map.of("VIRTUAL_ENV", "/venv", "CONDA_PREFIX", "/conda"), HOME).pythonRoots())
        .containsExactly(Path.of("/venv"), Path.of("/conda"), HOME.resolve(".local"));
  }

  @Test
  void the_hubs_have_their_own_address_token_and_cache() {
    Environment none = Environment.of(Map.of(), HOME);
    assertThat(none.hub(HubKind.HUGGING_FACE)).isEqualTo(new HubEndpoint(HubKind.HUGGING_FACE,
        URI.create("https://huggingface.co"), null, HOME.resolve(".cache/huggingface/hub")));
    assertThat(none.hub(HubKind.MODEL_SCOPE)).isEqualTo(new HubEndpoint(HubKind.MODEL_SCOPE,
        URI.create("https://www.modelscope.cn"), null, HOME.resolve(".cache/modelscope/hub")));
    Environment set = Environment.of(Map.of("HF_ENDPOINT", "https://mirror/", "HF_TOKEN", " t ", "MODELSCOPE_DOMAIN",
        "ms.example", "MODELSCOPE_CACHE", "/ms", "MODELSCOPE_API_TOKEN", "u"), HOME);
    assertThat(set.hub(HubKind.HUGGING_FACE)).isEqualTo(new HubEndpoint(HubKind.HUGGING_FACE,
        URI.create("https://mirror"), "t", HOME.resolve(".cache/huggingface/hub")));
    assertThat(set.hub(HubKind.MODEL_SCOPE)).isEqualTo(new HubEndpoint(HubKind.MODEL_SCOPE,
        URI.create("https://ms.example"), "u", Path.of("/ms")));
  }

  @Test
  void modelscope_is_the_hub_unless_use_hf_is_set() {
    assertThat(Environment.of(Map.of(), HOME).defaultHub()).isEqualTo(HubKind.MODEL_SCOPE);
    assertThat(Environment.of(Map.of("USE_HF", "0"), HOME).defaultHub()).isEqualTo(HubKind.MODEL_SCOPE);
    assertThat(Environment.of(Map.of("USE_HF", "True"), HOME).defaultHub()).isEqualTo(HubKind.HUGGING_FACE);
    assertThat(Environment.of(Map.of(), HOME).offline()).isFalse();
    assertThat(Environment.of(Map.of("TRANSFORMERS_OFFLINE", "yes"), HOME).offline()).isTrue();
  }

  @Test
  void threads_are_a_number_or_left_open() {
    assertThat(Environment.of(Map.of(), HOME).threads()).isEmpty();
    assertThat(Environment.of(Map.of("SWIFT_THREADS", ""), HOME).threads()).isEmpty();
    assertThat(Environment.of(Map.of("SWIFT_THREADS", " 2 "), HOME).threads()).hasValue(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "two", "1025", "99999999999", "1.5"})
  void other_thread_counts_are_refused_by_name(String value) {
    assertThatThrownBy(() -> Environment.of(Map.of("SWIFT_THREADS", value), HOME).threads())
        .isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("SWIFT_THREADS")
        .hasMessageContaining(value);
  }
}
