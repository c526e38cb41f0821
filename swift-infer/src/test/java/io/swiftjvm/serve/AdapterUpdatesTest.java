package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.serve.TinyServer.Answer;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.LoraAdapter;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Adapters that come and go while the server runs. */
@Timeout(60)
class AdapterUpdatesTest {
  @TempDir
  private Path folder;

  /** An adapter whose B is filled with one value, which changes every answer. */
  private Path adapter(String name) {
    Path at = folder.resolve("root").resolve(name);
    try (TinyServer tiny = new TinyServer()) {
      new LoraTransform("default", LoraSpec.DEFAULT, 7).apply(tiny.served.model());
      LoraAdapter made = LoraAdapter.of(tiny.served.model(), "default");
      made.parameters().stream().filter(p -> p.name().contains("lora_B")).forEach(p ->
          p.value().segment().fill((byte) 0x3c));
      AdapterFiles.save(made, at);
    }
    return at;
  }

  private static Answer load(TinyServer tiny, String name, String path) {
    return tiny.post("/v1/load_lora_adapter", "{'lora_name':'" + name + "','lora_path':'" + path + "'}");
  }

  private static String say(TinyServer tiny, String model) {
    return tiny.post("/v1/completions", "{'model':'" + model + "','prompt':'What is','max_tokens':8,'temperature':0}")
        .text();
  }

  @Test
  void a_server_that_was_not_told_to_changes_no_adapters() {
    try (TinyServer tiny = new TinyServer()) {
      assertThat(load(tiny, "x", "x").status()).isEqualTo(403);
      assertThat(tiny.post("/v1/unload_lora_adapter", "{'lora_name':'swift-tiny'}").status()).isEqualTo(403);
      assertThat(tiny.alive()).isTrue();
    }
  }

  @Test
  void an_adapter_is_loaded_answers_is_unloaded_and_gives_its_memory_back_many_times() throws Exception {
    adapter("poet");
    try (TinyServer tiny = new TinyServer(o -> o.adapters(a -> a.root(folder.resolve("root"), null)))) {
      String bare = say(tiny, "swift-tiny").replaceAll("\"(id|model|created)\":[^,]*,", "");
      long before = tiny.memory();
      for (int i = 0; i < 5; i++) {
        assertThat(say(tiny, "poet")).contains("model_not_found");
        Answer loaded = load(tiny, "poet", "poet");
        assertThat(loaded.status()).as(loaded.text()).isEqualTo(200);
        assertThat(loaded.json().path("parent").asText()).isEqualTo("swift-tiny");
        assertThat(tiny.server.models()).containsExactly("swift-tiny", "poet");
        assertThat(tiny.get("/v1/models/poet").status()).isEqualTo(200);
        String tuned = say(tiny, "poet").replaceAll("\"(id|model|created)\":[^,]*,", "");
        assertThat(tuned).isNotEqualTo(bare).contains("choices");
        assertThat(say(tiny, "swift-tiny").replaceAll("\"(id|model|created)\":[^,]*,", "")).isEqualTo(bare);
        assertThat(tiny.memory()).isGreaterThan(before);
        assertThat(load(tiny, "poet", "poet").status()).isEqualTo(400);
        assertThat(tiny.post("/v1/unload_lora_adapter", "{'lora_name':'poet'}").status()).isEqualTo(200);
        // it comes off when its last answer is over, a moment after the client has read it
        TinyServer.until(() -> tiny.memory() == before);
        assertThat(tiny.get("/v1/models/poet").status()).isEqualTo(404);
        assertThat(tiny.post("/v1/unload_lora_adapter", "{'lora_name':'poet'}").status()).isEqualTo(404);
      }
      assertThat(tiny.post("/v1/unload_lora_adapter", "{'lora_name':'swift-tiny'}").status()).isEqualTo(400);
      assertThat(LoraAdapter.names(tiny.served.model())).isEmpty();
    }
  }

  @Test
  void answers_in_the_making_keep_their_adapter_and_others_go_on_meanwhile() throws Exception {
    adapter("poet");
    try (TinyServer tiny = new TinyServer(
        o -> o.adapters(a -> a.root(folder.resolve("root"), null)).engine(e -> e.maxSequences(2)))) {
      Gate gate = tiny.gate();
      assertThat(load(tiny, "poet", "poet").status()).isEqualTo(200);
      String ask = "{'model':'%s','prompt':'What is','max_tokens':99,'ignore_eos':true,'temperature':0}";
      String alone = tiny.post("/v1/completions", ask.formatted("poet")).json().at("/choices/0/text").asText();
      gate.shut();
      List<String> texts = new CopyOnWriteArrayList<>();
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        clients.add(Thread.startVirtualThread(() -> texts.add(
            tiny.post("/v1/completions", ask.formatted("poet")).json().at("/choices/0/text").asText())));
      }
      TinyServer.until(() -> tiny.running() + tiny.waiting() == 4);
      assertThat(tiny.post("/v1/unload_lora_adapter", "{'lora_name':'poet'}").status()).isEqualTo(200);
      assertThat(say(tiny, "poet")).as("no new answer begins").contains("model_not_found");
      gate.open();
      assertThat(load(tiny, "other", "poet").status()).isEqualTo(200);
      for (Thread client : clients) {
        client.join();
      }
      assertThat(texts).hasSize(4).containsOnly(alone);
      // an adapter comes off when its last answer is over, which is a moment after the client has read it
      TinyServer.until(() -> LoraAdapter.names(tiny.served.model()).equals(List.of("other")));
    }
  }

  @Test
  void only_what_lies_under_the_root_is_loaded() throws Exception {
    Path poet = adapter("poet");
    Path root = folder.resolve("root");
    Files.move(poet, folder.resolve("outside"));
    Files.createSymbolicLink(root.resolve("link"), folder.resolve("outside"));
    Files.createDirectories(root.resolve("empty"));
    Files.writeString(root.resolve("file"), "x");
    try (TinyServer tiny = new TinyServer(o -> o.adapters(a -> a.root(root, null)))) {
      for (String path : List.of("../outside", folder.resolve("outside").toString(), "link", "", ".", "/", "/etc",
          "nothing", "file", "empty", "a\\u0000b", "~/x", "http://localhost/x")) {
        Answer answer = load(tiny, "poet", path);
        assertThat(answer.status()).as(path).isEqualTo(400);
        assertThat(answer.json().at("/error/param").asText()).isEqualTo("lora_path");
        assertThat(answer.text()).doesNotContain(folder.toString());
        assertThat(tiny.alive()).isTrue();
      }
      for (String name : List.of("", " ", "a.b", "x".repeat(65))) {
        assertThat(load(tiny, name, "empty").json().at("/error/param").asText()).isEqualTo("lora_name");
      }
      assertThat(tiny.post("/v1/load_lora_adapter", "{'lora_path':'x'}").status()).isEqualTo(400);
      assertThat(tiny.post("/v1/load_lora_adapter", "{'lora_name':'x'}").status()).isEqualTo(400);
    }
  }

  @Test
  void with_keys_only_the_admins_changes_adapters() {
    adapter("poet");
    Path root = folder.resolve("root");
    try (TinyServer tiny = new TinyServer(o -> o.apiKeys("user").adapters(a -> a.root(root, "admin")))) {
      assertThat(load(tiny, "poet", "poet").status()).isEqualTo(401);
      assertThat(tiny.as("user", "/v1/load_lora_adapter", "{'lora_name':'poet','lora_path':'poet'}").status())
          .isEqualTo(403);
      assertThat(tiny.as("admin", "/v1/load_lora_adapter", "{'lora_name':'poet','lora_path':'poet'}").status())
          .isEqualTo(200);
      assertThat(tiny.as("user", "/v1/completions", "{'model':'poet','prompt':'a','max_tokens':1}").status())
          .isEqualTo(200);
      assertThat(tiny.as("user", "/v1/unload_lora_adapter", "{'lora_name':'poet'}").status()).isEqualTo(403);
      assertThat(tiny.as("admin", "/v1/unload_lora_adapter", "{'lora_name':'poet'}").status()).isEqualTo(200);
    }
    assertThatThrownBy(() -> ServeOptions.DEFAULT.apiKeys("a").adapters(a -> a.root(root, null)))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("admin key");
    assertThatThrownBy(() -> ServeOptions.DEFAULT.apiKeys("a").adapters(a -> a.root(root, "a")))
        .isInstanceOf(InvalidPlanException.class);
    assertThatThrownBy(() -> ServeOptions.DEFAULT.adapters(a -> a.root(root, "a")))
        .isInstanceOf(InvalidPlanException.class);
    assertThatThrownBy(() -> ServeOptions.DEFAULT.adapters(a -> a.root(null, "a")))
        .isInstanceOf(InvalidPlanException.class);
    assertThat(ServeOptions.DEFAULT.apiKeys("a").adapters(a -> a.root(root, "topsecret")).toString())
        .doesNotContain("topsecret");
  }
}
