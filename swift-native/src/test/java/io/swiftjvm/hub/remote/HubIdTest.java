package io.swiftjvm.hub.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.HubException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubIdTest {
  @Test
  void an_id_has_prefix_revision_and_sub_folder_as_it_likes() {
    assertThat(HubId.parse("Qwen/Qwen3-0.6B")).contains(new HubId(null, "Qwen/Qwen3-0.6B", null, null));
    assertThat(HubId.parse("hf::a/b@refs/pr/1:x/y"))
        .contains(new HubId(HubKind.HUGGING_FACE, "a/b", "refs/pr/1", "x/y"));
    assertThat(HubId.parse("ms::a/b:sub")).contains(new HubId(HubKind.MODEL_SCOPE, "a/b", null, "sub"));
    assertThat(HubId.parse("hf::gpt2")).isPresent();
    assertThat(HubId.parse("hf::a/b@v1:x").orElseThrow()).hasToString("hf::a/b@v1:x");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "gpt2", "ms::gpt2", "a/b/c", "../b", "a/..", "http://a/b", "xx::a/b", "a\\b/c", "a/b\0",
      "/a/b"})
  void other_text_is_no_id(String text) {
    assertThat(HubId.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/b@../x", "a/b@x//y", "a/b:../up", "a/b:/abs", "a/b:x/./y", "a/b@main:x\\y", "a/b@v 1"})
  void a_revision_or_sub_folder_that_climbs_is_refused(String text) {
    assertThatThrownBy(() -> HubId.parse(text)).isInstanceOf(HubException.class).hasMessageContaining("is not one");
  }

  @Test
  void each_hub_has_its_own_default_revision() {
    HubId id = HubId.parse("a/b").orElseThrow();
    assertThat(id.revisionOn(HubKind.HUGGING_FACE)).isEqualTo("main");
    assertThat(id.revisionOn(HubKind.MODEL_SCOPE)).isEqualTo("master");
    assertThat(id.revision("v2").revisionOn(HubKind.MODEL_SCOPE)).isEqualTo("v2");
  }

  @Test
  void an_alias_leads_to_the_id_of_its_hub_and_other_names_stay() {
    assertThat(HubAliases.resolve("qwen3", HubKind.MODEL_SCOPE)).isEqualTo("Qwen/Qwen3-0.6B");
    assertThat(HubAliases.resolve("Llama3", HubKind.HUGGING_FACE)).isEqualTo("meta-llama/Llama-3.2-1B-Instruct");
    assertThat(HubAliases.resolve("llama3", HubKind.MODEL_SCOPE)).isEqualTo("LLM-Research/Llama-3.2-1B-Instruct");
    assertThat(HubAliases.resolve("hf::llama3", HubKind.MODEL_SCOPE)).isEqualTo("hf::meta-llama/Llama-3.2-1B-Instruct");
    assertThat(HubAliases.resolve("Org/Other", HubKind.MODEL_SCOPE)).isEqualTo("Org/Other");
    assertThat(HubAliases.names()).allMatch(name ->
        HubId.parse(HubAliases.resolve(name, HubKind.HUGGING_FACE)).isPresent());
  }
}
