package io.swiftjvm.hub.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.CancelledException;
import io.swiftjvm.error.HubException;
import io.swiftjvm.error.HubException.Reason;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransferRulesTest {
  private static final HubId ID = HubId.parse(FakeHub.ID).orElseThrow();
  private static final byte[] WEIGHTS = new byte[50_000];

  static {
    new Random(2).nextBytes(WEIGHTS);
  }

  @TempDir Path cache;
  private final List<DownloadEvent> events = new ArrayList<>();
  private final List<Duration> waits = new ArrayList<>();
  private final FakeHub hub = new FakeHub().file("config.json", "{}").file("model.safetensors", WEIGHTS);

  @AfterEach
  void close() {
    hub.close();
  }

  private Path download(TransferSettings settings) {
    return new HubDownloader(hub.endpoint(HubKind.HUGGING_FACE, cache), settings, events::add).download(ID);
  }

  private Path download() {
    return download(TransferSettings.DEFAULT.parallel(1, 4, 10_000).sleeper(waits::add));
  }

  /** The first request for the weights gets {@code fault}. */
  private void once(Fault fault) {
    AtomicBoolean done = new AtomicBoolean();
    hub.misbehave((request, file) ->
        file.endsWith("safetensors") && done.compareAndSet(false, true) ? fault : Fault.NONE);
  }

  private List<String> reasons() {
    return events.stream().filter(e -> e instanceof DownloadEvent.Retried)
        .map(e -> ((DownloadEvent.Retried) e).reason()).toList();
  }

  @Test
  void a_file_that_changes_between_its_parts_is_fetched_anew() {
    once(Fault.CHANGED_ETAG);
    assertThat(download().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(reasons()).anyMatch(reason -> reason.contains("the file changed on the hub"));
  }

  @Test
  void a_hub_without_ranges_serves_the_file_in_one_piece() {
    hub.misbehave((request, file) -> Fault.IGNORES_RANGE);
    assertThat(download().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(hub.seen().getLast().headers()).doesNotContainKey("range");
  }

  @Test
  void a_killed_download_is_continued_where_its_parts_stopped() throws Exception {
    String hash = Hashes.sha256(WEIGHTS);
    leave("\"" + hash + "\"", "0 30000 20000\n30000 50000 15000\n");
    assertThat(download().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(hub.seen()).filteredOn(s -> s.path().endsWith("safetensors"))
        .allSatisfy(s -> assertThat(s.headers().get("if-range")).containsExactly("\"" + hash + "\""))
        .extracting(s -> s.headers().get("range").getFirst())
        .containsExactlyInAnyOrder("bytes=20000-29999", "bytes=45000-49999");
    assertThat(reasons()).isEmpty();
  }

  @Test
  void a_killed_download_of_another_version_is_not_continued() throws Exception {
    leave("\"older\"", "0 30000 20000\n30000 50000 15000\n");
    assertThat(download().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(reasons()).singleElement().asString().contains("changed on the hub");
  }

  private void leave(String etag, String parts) throws Exception {
    Path blobs = Files.createDirectories(cache.resolve("models--Org--Tiny-1.5/blobs"));
    Path left = blobs.resolve(Hashes.sha256(WEIGHTS) + ".incomplete");
    byte[] holes = WEIGHTS.clone();
    Arrays.fill(holes, 20_000, 30_000, (byte) 0);
    Files.write(left, Arrays.copyOf(holes, 45_000));
    Files.writeString(blobs.resolve(left.getFileName() + ".parts"),
        "swift parts 1\nsize 50000\netag " + etag + "\n" + parts);
  }

  @Test
  void a_cut_connection_is_asked_again() {
    once(Fault.CUT);
    assertThat(download().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(reasons()).hasSize(1);
  }

  @Test
  void a_file_that_is_wrong_each_time_is_not_kept() throws Exception {
    hub.misbehave((request, file) -> file.endsWith("safetensors") ? Fault.WRONG_BYTE : Fault.NONE);
    assertThatThrownBy(this::download)
        .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.reason()).isEqualTo(Reason.DAMAGED))
        .hasMessageContaining("SHA-256").hasMessageContaining("came 7 times");
    try (Stream<Path> files = Files.walk(cache)) {
      assertThat(files.map(Path::toString)).noneMatch(f -> f.contains(Hashes.sha256(WEIGHTS)))
          .noneMatch(f -> f.contains("snapshots"));
    }
  }

  @Test
  void a_listing_that_does_not_fit_the_files_is_asked_again() {
    AtomicBoolean done = new AtomicBoolean();
    hub.misbehave((request, file) -> !file.isEmpty() || !done.compareAndSet(false, true) ? Fault.NONE
        : (exchange, self, content, etag) -> Fault.NONE.send(exchange, self, new String(content, StandardCharsets.UTF_8)
            .replace(Hashes.sha256(WEIGHTS), Hashes.sha256(new byte[1])).getBytes(StandardCharsets.UTF_8), etag));
    assertThat(download().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(hub.seen()).filteredOn(s -> s.path().contains("/revision/")).hasSize(2);
  }

  @Test
  void the_wait_that_a_busy_hub_asks_for_is_kept() {
    once(Fault.status(429, "9"));
    download();
    assertThat(waits).containsExactly(Duration.ofSeconds(9));
  }

  @Test
  void a_silent_hub_is_given_up_and_asked_again() {
    once(Fault.STALL);
    Path folder =
        download(TransferSettings.DEFAULT.parallel(1, 1, 1).stall(Duration.ofMillis(400)).sleeper(waits::add));
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(reasons()).contains("fewer than 1024 bytes in PT0.4S");
  }

  @Test
  void an_interrupt_ends_the_download_and_the_next_one_continues() throws Exception {
    CountDownLatch stalled = new CountDownLatch(1);
    hub.misbehave((request, file) -> {
      if (request.headers().getOrDefault("range", List.of("")).getFirst().startsWith("bytes=25000")) {
        stalled.countDown();
        return Fault.STALL;
      }
      return Fault.NONE;
    });
    AtomicReference<Throwable> end = new AtomicReference<>();
    AtomicBoolean flag = new AtomicBoolean();
    Thread thread = Thread.ofPlatform().start(() -> {
      try {
        download(TransferSettings.DEFAULT.parallel(2, 4, 10_000).sleeper(waits::add));
      } catch (RuntimeException e) {
        end.set(e);
        flag.set(Thread.currentThread().isInterrupted());
      }
    });
    stalled.await();
    thread.interrupt();
    thread.join();
    assertThat(end.get()).isInstanceOf(CancelledException.class);
    assertThat(flag).isTrue();
    try (Stream<Path> files = Files.walk(cache)) {
      assertThat(files.map(Path::toString)).noneMatch(f -> f.contains("snapshots"))
          .noneMatch(f -> f.endsWith(Hashes.sha256(WEIGHTS)));
    }
    hub.misbehave((request, file) -> Fault.NONE);
    assertThat(download().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  @Test
  void a_listener_that_fails_ends_the_download() {
    AtomicInteger calls = new AtomicInteger();
    HubDownloader downloader = new HubDownloader(hub.endpoint(HubKind.HUGGING_FACE, cache), TransferSettings.DEFAULT,
        event -> {
          calls.incrementAndGet();
          throw new IllegalStateException("enough");
        });
    assertThatThrownBy(() -> downloader.download(ID)).hasMessage("enough");
    assertThat(calls).hasValue(1);
  }

}
