package io.swiftjvm.hub.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.HubException;
import io.swiftjvm.error.HubException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubDownloaderTest {
  private static final HubId ID = HubId.parse(FakeHub.ID).orElseThrow();
  private static final byte[] WEIGHTS = new byte[50_000];

  static {
    new Random(1).nextBytes(WEIGHTS);
  }

  @TempDir Path cache;
  private final List<DownloadEvent> events = new ArrayList<>();
  private final FakeHub hub = new FakeHub().file("config.json", "{}").file("model.safetensors", WEIGHTS)
      .file("pytorch_model.bin", WEIGHTS).file("sub/config.json", "{\"a\":1}").file("sub/model.safetensors", WEIGHTS);

  @AfterEach
  void close() {
    hub.close();
  }

  private Path download(HubKind kind, HubId id) {
    TransferSettings settings = TransferSettings.DEFAULT.parallel(2, 4, 10_000).sleeper(time -> {});
    return new HubDownloader(hub.endpoint(kind, cache), settings, events::add).download(id);
  }

  @Test
  void the_hugging_face_cache_has_the_layout_of_its_library() throws IOException {
    Path folder = download(HubKind.HUGGING_FACE, ID);
    Path repository = cache.resolve("models--Org--Tiny-1.5");
    assertThat(folder).isEqualTo(repository.resolve("snapshots").resolve(FakeHub.COMMIT));
    assertThat(repository.resolve("refs/main")).hasContent(FakeHub.COMMIT);
    assertThat(repository.resolve("blobs").resolve(Hashes.sha256(WEIGHTS))).hasBinaryContent(WEIGHTS);
    assertThat(Files.readSymbolicLink(folder.resolve("sub/model.safetensors")))
        .isEqualTo(Path.of("../../../blobs", Hashes.sha256(WEIGHTS)));
    assertThat(folder.resolve("config.json")).hasContent("{}");
    assertThat(folder.resolve("pytorch_model.bin")).doesNotExist();
    assertNothingUnfinished();
    assertThat(hub.seen()).anyMatch(s -> s.headers().containsKey("range"));
  }

  @Test
  void the_modelscope_cache_has_the_layout_of_its_library() throws IOException {
    Path folder = download(HubKind.MODEL_SCOPE, ID);
    assertThat(folder).isEqualTo(cache.resolve("models/Org/Tiny-1___5"));
    assertThat(folder.resolve("sub/model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(download(HubKind.MODEL_SCOPE, ID.revision("v1"))).isEqualTo(cache.resolve("models/Org/Tiny-1___5@v1"));
    assertNothingUnfinished();
  }

  private void assertNothingUnfinished() throws IOException {
    try (Stream<Path> files = Files.walk(cache)) {
      assertThat(files.map(Path::toString)).noneMatch(f -> f.contains(".incomplete") || f.endsWith(".tmp"));
    }
  }

  @ParameterizedTest
  @EnumSource(HubKind.class)
  void a_second_download_asks_for_no_content(HubKind kind) {
    Path first = download(kind, ID);
    long before = hub.contentRequests();
    assertThat(download(kind, ID)).isEqualTo(first);
    assertThat(hub.contentRequests()).isEqualTo(before).isPositive();
    assertThat(events.getLast()).isEqualTo(new DownloadEvent.Finished(first));
    assertThat(events).filteredOn(e -> e instanceof DownloadEvent.Reused).hasSizeGreaterThanOrEqualTo(4);
  }

  @ParameterizedTest
  @EnumSource(HubKind.class)
  void a_sub_folder_is_fetched_alone_and_given(HubKind kind) {
    Path folder = download(kind, new HubId(null, FakeHub.ID, null, "sub"));
    assertThat(folder.resolve("config.json")).hasContent("{\"a\":1}");
    assertThat(folder.getParent().resolve("config.json")).doesNotExist();
    assertThatThrownBy(() -> download(kind, new HubId(null, FakeHub.ID, null, "none")))
        .hasMessageContaining("Check the sub-folder");
  }

  @Test
  void what_another_library_began_is_continued() throws IOException {
    Path blobs = Files.createDirectories(cache.resolve("models--Org--Tiny-1.5/blobs"));
    Path left = blobs.resolve(Hashes.sha256(WEIGHTS) + ".incomplete");
    Files.write(left, java.util.Arrays.copyOf(WEIGHTS, 41_000));
    Path folder = download(HubKind.HUGGING_FACE, ID);
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(hub.seen()).filteredOn(s -> s.path().endsWith("safetensors"))
        .extracting(s -> s.headers().get("range").getFirst().replaceAll("\\D+(\\d+)-.*", "$1"))
        .allMatch(start -> Integer.parseInt(start) >= 41_000);
    assertNothingUnfinished();
  }

  @Test
  void what_was_left_wrong_is_fetched_anew() throws IOException {
    Path blobs = Files.createDirectories(cache.resolve("models--Org--Tiny-1.5/blobs"));
    Path left = blobs.resolve(Hashes.sha256(WEIGHTS) + ".incomplete");
    Files.write(left, new byte[20_000]);
    assertThat(download(HubKind.HUGGING_FACE, ID).resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    Files.delete(blobs.resolve(Hashes.sha256(WEIGHTS)));
    Files.write(left, new byte[70_000]);
    Files.writeString(blobs.resolve(left.getFileName() + ".parts"), "swift parts 1\nsize 50000\netag\n0 9 99\n");
    assertThat(download(HubKind.HUGGING_FACE, ID).resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  @ParameterizedTest
  @CsvSource({"401,'',UNAUTHORIZED,valid one", "401,GatedRepo,FORBIDDEN,terms", "403,GatedRepo,FORBIDDEN,gated",
      "404,RepoNotFound,NOT_FOUND,Check the id", "451,'',REFUSED,451"})
  void a_refusal_comes_at_once_and_says_what_to_do(int status, String code, Reason reason, String advice) {
    hub.deny(status, code);
    assertThatThrownBy(() -> download(HubKind.HUGGING_FACE, ID))
        .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(advice).hasMessageNotContaining("hub-secret");
    assertThat(hub.seen()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"../evil.json", "/evil.json", "a\\..\\evil.json", "a/../../../evil.json", "evil\0.json"})
  void a_name_that_leads_out_of_the_folder_is_refused_before_a_byte_is_written(String name) throws IOException {
    hub.file(name, "{}");
    for (HubKind kind : HubKind.values()) {
      assertThatThrownBy(() -> download(kind, ID))
          .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.reason()).isEqualTo(Reason.REFUSED));
    }
    hub.siblingsOnly();
    assertThatThrownBy(() -> download(HubKind.HUGGING_FACE, ID)).isInstanceOf(HubException.class);
    assertThat(hub.contentRequests()).isZero();
  }

  @Test
  void a_mirror_that_lists_only_names_is_asked_for_each_hash() {
    hub.siblingsOnly();
    assertThat(download(HubKind.HUGGING_FACE, ID).resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(hub.seen()).anyMatch(s -> s.method().equals("HEAD"));
  }

  @Test
  void threads_that_want_the_same_repository_fetch_it_once() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Path>> folders = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        folders.add(threads.submit(() -> download(HubKind.HUGGING_FACE, ID)));
      }
      for (Future<Path> folder : folders) {
        assertThat(folder.get().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
      }
    }
    assertThat(hub.seen()).filteredOn(s -> s.path().endsWith("/config.json")).hasSize(2);
  }

  @Test
  void without_links_the_files_are_copied() throws IOException {
    Path folder = download(HubKind.HUGGING_FACE, ID);
    Path place = folder.resolve("config.json");
    Files.delete(place);
    HuggingFaceCache layout = new HuggingFaceCache(cache, ID, (link, target) -> {
      throw new UnsupportedOperationException("no links here");
    });
    byte[] config = hub.files().get("config.json");
    Listing listing = new Listing(FakeHub.COMMIT, List.of(new RemoteFile("config.json", 2, null, Hashes.git(config))));
    for (int i = 0; i < 2; i++) {
      layout.publish(listing);
      assertThat(Files.isSymbolicLink(place)).isFalse();
      assertThat(place).hasBinaryContent(config);
    }
  }
}
