package io.swiftjvm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.HubException;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.remote.FakeHub;
import io.swiftjvm.hub.remote.HubKind;
import io.swiftjvm.hub.remote.TransferSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelDownloadTest {
  @TempDir Path home;
  private final FakeHub huggingFace = new FakeHub();
  private final FakeHub modelScope = new FakeHub();
  private final Map<String, String> variables = new HashMap<>();

  @BeforeEach
  void fill() throws IOException {
    Path weights = home.resolve("weights.safetensors");
    new SafetensorsWriter().add("a", new long[] {1}, new float[] {2f}).write(weights);
    for (FakeHub hub : new FakeHub[] {huggingFace, modelScope}) {
      hub.file("config.json", "{}").file("model.safetensors", Files.readAllBytes(weights))
          .file("sub/config.json", "{}").file("sub/model.safetensors", Files.readAllBytes(weights));
    }
    variables.put("HF_ENDPOINT", huggingFace.address());
    variables.put("MODELSCOPE_ENDPOINT", modelScope.address());
  }

  @AfterEach
  void close() {
    huggingFace.close();
    modelScope.close();
  }

  private ModelSource.Locator locator() {
    return ModelSource.locator().environment(Environment.of(variables, home));
  }

  @Test
  void an_id_is_fetched_once_and_found_from_then_on() {
    try (ModelSource source = locator().open(FakeHub.ID); Checkpoint weights = Checkpoint.open(source.folder())) {
      assertThat(source.kind()).isEqualTo(ModelSource.Kind.DOWNLOADED);
      assertThat(source.folder()).isEqualTo(home.resolve(".cache/modelscope/hub/models/Org/Tiny-1___5"));
      assertThat(weights.get("a").floats()).containsExactly(2f);
    }
    int asked = modelScope.seen().size();
    try (ModelSource source = locator().open(FakeHub.ID)) {
      assertThat(source.kind()).isEqualTo(ModelSource.Kind.CACHED);
    }
    assertThat(modelScope.seen()).hasSize(asked);
    assertThat(huggingFace.seen()).isEmpty();
  }

  @Test
  void the_prefix_wins_over_the_setting_and_the_setting_over_the_environment() {
    variables.put("USE_HF", "1");
    open("ms::" + FakeHub.ID, HubOptions.DEFAULT);
    assertThat(huggingFace.seen()).isEmpty();
    open(FakeHub.ID + "@v1", HubOptions.DEFAULT.defaultHub(HubKind.MODEL_SCOPE));
    assertThat(huggingFace.seen()).isEmpty();
    open(FakeHub.ID + "@v2", HubOptions.DEFAULT);
    assertThat(huggingFace.seen()).isNotEmpty();
  }

  private Path open(String model, HubOptions options) {
    try (ModelSource source = locator().hub(h -> options).open(model)) {
      return source.folder();
    }
  }

  @Test
  void a_revision_is_asked_for_and_kept_apart() {
    Path first = open("hf::" + FakeHub.ID, HubOptions.DEFAULT.revision("v1"));
    assertThat(first.getParent().getParent().resolve("refs/v1")).hasContent(FakeHub.COMMIT);
    assertThat(huggingFace.seen().getFirst().path()).endsWith("/revision/v1");
    int asked = huggingFace.seen().size();
    assertThat(open("hf::" + FakeHub.ID + "@" + FakeHub.COMMIT, HubOptions.DEFAULT)).isEqualTo(first);
    assertThat(huggingFace.seen()).hasSize(asked);
    assertThat(open("ms::" + FakeHub.ID + "@v1", HubOptions.DEFAULT))
        .isNotEqualTo(open("ms::" + FakeHub.ID, HubOptions.DEFAULT));
  }

  @Test
  void a_sub_folder_of_a_snapshot_loads_through_its_links() {
    try (ModelSource source = locator().open("hf::" + FakeHub.ID + ":sub");
        Checkpoint weights = Checkpoint.open(source.folder())) {
      assertThat(source.folder()).endsWith(Path.of("sub"));
      assertThat(weights.get("a").floats()).containsExactly(2f);
    }
  }

  @Test
  void an_incomplete_cache_is_completed() throws IOException {
    Path folder = open("ms::" + FakeHub.ID, HubOptions.DEFAULT);
    Files.delete(folder.resolve("model.safetensors"));
    try (ModelSource source = locator().open("ms::" + FakeHub.ID)) {
      assertThat(source.kind()).isEqualTo(ModelSource.Kind.DOWNLOADED);
      assertThat(source.folder().resolve("model.safetensors")).exists();
    }
  }

  @Test
  void without_weights_only_the_files_around_them_are_fetched() {
    huggingFace.file("tokenizer.json", "{}");
    HubOptions light = HubOptions.DEFAULT.weights(false);
    Path folder = open("hf::" + FakeHub.ID, light);
    assertThat(folder.resolve("config.json")).exists();
    assertThat(folder.resolve("model.safetensors")).doesNotExist();
    int asked = huggingFace.seen().size();
    open("hf::" + FakeHub.ID, light);
    assertThat(huggingFace.seen()).hasSize(asked);
    assertThat(open("hf::" + FakeHub.ID, HubOptions.DEFAULT).resolve("model.safetensors")).exists();
  }

  @Test
  void an_incomplete_cache_is_used_when_the_hub_cannot_be_reached() throws IOException {
    Path folder = open("hf::" + FakeHub.ID, HubOptions.DEFAULT);
    Files.delete(folder.resolve("model.safetensors"));
    huggingFace.close();
    HubOptions quick = HubOptions.DEFAULT.transfer(TransferSettings.DEFAULT.sleeper(time -> {}));
    assertThat(open("hf::" + FakeHub.ID, quick)).isEqualTo(folder);
    assertThatThrownBy(() -> open("hf::" + FakeHub.ID + "@v9", quick)).isInstanceOf(HubException.class)
        .hasMessageContaining("HF_ENDPOINT");
  }

  @Test
  void nothing_is_fetched_offline() {
    variables.put("HF_HUB_OFFLINE", "1");
    assertThatThrownBy(() -> locator().open(FakeHub.ID)).isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("Downloads are off");
    variables.remove("HF_HUB_OFFLINE");
    assertThatThrownBy(() -> open(FakeHub.ID, HubOptions.DEFAULT.offline(true)))
        .isInstanceOf(ModelFormatException.class);
    assertThat(modelScope.seen()).isEmpty();
  }

  @Test
  void an_unknown_id_names_the_other_hub() {
    assertThatThrownBy(() -> locator().open("Org/Absent")).isInstanceOf(HubException.class)
        .hasMessageContaining("hf::ORG/NAME");
    assertThatThrownBy(() -> locator().open("hf::Org/Absent")).hasMessageContaining("ms::ORG/NAME");
    assertThatThrownBy(() -> locator().open("nonsense")).isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("qwen3");
  }

  @Test
  void an_alias_is_the_id_it_stands_for() {
    assertThatThrownBy(() -> locator().open("llama3")).isInstanceOf(HubException.class);
    assertThat(modelScope.seen().getFirst().path()).contains("LLM-Research/Llama-3.2-1B-Instruct");
  }

  @Test
  void tokens_go_to_their_own_hub() {
    variables.put("HF_TOKEN", "hf-one");
    variables.put("MODELSCOPE_API_TOKEN", "ms-two");
    open("hf::" + FakeHub.ID, HubOptions.DEFAULT);
    open("ms::" + FakeHub.ID, HubOptions.DEFAULT);
    assertThat(huggingFace.seen()).allMatch(s -> s.toString().contains("Bearer hf-one"))
        .noneMatch(s -> s.toString().contains("ms-two"));
    assertThat(modelScope.seen()).allMatch(s -> s.toString().contains("Bearer ms-two"))
        .noneMatch(s -> s.toString().contains("hf-one"));
  }
}
