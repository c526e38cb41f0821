package io.swiftjvm.hub.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.HubException;
import io.swiftjvm.error.HubException.Reason;
import io.swiftjvm.error.InvalidPlanException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenRulesTest {
  private static final HubId ID = HubId.parse(FakeHub.ID).orElseThrow();
  private static final byte[] WEIGHTS = new byte[50_000];

  static {
    new Random(2).nextBytes(WEIGHTS);
  }

  @TempDir Path cache;
  private final FakeHub hub = new FakeHub().file("config.json", "{}").file("model.safetensors", WEIGHTS);

  @AfterEach
  void close() {
    hub.close();
  }

  private Path download() {
    TransferSettings settings = TransferSettings.DEFAULT.parallel(1, 4, 10_000).sleeper(time -> {});
    return new HubDownloader(hub.endpoint(HubKind.HUGGING_FACE, cache), settings, DownloadListener.NONE).download(ID);
  }

  @Test
  void only_the_hub_itself_is_given_the_token() {
    try (FakeHub storage = new FakeHub()) {
      hub.storage(storage);
      assertThat(download().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
      assertThat(storage.seen()).isNotEmpty().noneMatch(s -> s.has("Authorization"));
      assertThat(hub.seen()).allMatch(s -> s.headers().get("authorization").equals(List.of("Bearer hub-secret")));
    }
  }

  @Test
  void another_name_of_the_same_machine_is_another_host() {
    hub.misbehave((request, file) -> !file.endsWith("safetensors") || request.headers().get("host").getFirst()
        .startsWith("localhost") ? Fault.NONE
        : Fault.redirect(hub.address().replace("127.0.0.1", "localhost") + request.path()));
    download();
    assertThat(hub.seen()).filteredOn(s -> s.headers().get("host").getFirst().startsWith("localhost"))
        .isNotEmpty().noneMatch(s -> s.has("Authorization"));
  }

  @Test
  void an_unsafe_redirect_is_never_followed() {
    hub.misbehave((request, file) -> file.isEmpty() ? Fault.NONE : Fault.redirect("file:///etc/passwd"));
    assertThatThrownBy(this::download)
        .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.reason()).isEqualTo(Reason.REFUSED));
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://hub/x", "ftp://hub/x", "file:///etc/passwd", "https://user:pass@hub/x", "",
      "https:///x", "jar:https://x", "https://a b"})
  void nothing_leads_from_https_to_less(String location) {
    assertThatThrownBy(() -> HubHttp.follow(URI.create("https://hub/a"), location))
        .isInstanceOf(RetryableException.class);
  }

  @Test
  void a_safe_redirect_is_resolved() throws Exception {
    assertThat(HubHttp.follow(URI.create("https://hub/a/b"), "../c?d=e")).hasToString("https://hub/c?d=e");
    assertThat(HubHttp.follow(URI.create("http://hub/a"), "https://cdn/x")).hasToString("https://cdn/x");
  }

  @Test
  void a_token_is_in_no_text() {
    HubEndpoint endpoint = hub.endpoint(HubKind.MODEL_SCOPE, cache);
    assertThat(endpoint.toString()).contains("with a token").doesNotContain("hub-secret");
    assertThatThrownBy(() -> HubEndpoint.of(HubKind.HUGGING_FACE, "https://h", Optional.of("se\ncret"), cache))
        .isInstanceOf(InvalidPlanException.class).hasMessageNotContaining("cret");
    for (String base : List.of("ftp://h", "h", "https://u:p@h", "https://h?q", "https://a b", "")) {
      assertThatThrownBy(() -> HubEndpoint.of(HubKind.HUGGING_FACE, base, Optional.empty(), cache))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("Use https://HOST");
    }
  }
}
