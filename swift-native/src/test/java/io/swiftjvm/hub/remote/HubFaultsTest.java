package io.swiftjvm.hub.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.error.HubException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from a hub that fails in every way: nearly all arrive, none arrives wrong, none tells the token. */
class HubFaultsTest {
  private static final int DOWNLOADS = 100;
  private static final double FAULTY = 0.25;

  @TempDir Path folder;

  @Test
  void a_hundred_downloads_through_faults_arrive_whole_and_tell_no_token() throws IOException {
    int complete = 0;
    List<String> failures = new ArrayList<>();
    try (FakeHub stranger = new FakeHub()) {
      for (int i = 0; i < DOWNLOADS; i++) {
        HubKind kind = HubKind.values()[i % 2];
        Path cache = folder.resolve("cache" + i);
        try (FakeHub hub = hub(new Random(i)); FakeHub storage = new FakeHub()) {
          if (i % 4 >= 2) {
            hub.storage(storage);
          }
          stranger.files().putAll(hub.files());
          faults(hub, stranger, new Random(1000 + i));
          Path model = new HubDownloader(hub.endpoint(kind, cache), settings(), DownloadListener.NONE)
              .download(HubId.parse(FakeHub.ID).orElseThrow());
          assertRight(model, hub.files());
          complete++;
          assertThat(storage.seen()).noneMatch(s -> s.has("Authorization") || s.has("Cookie"));
          assertThat(hub.seen()).allMatch(s -> s.has("Authorization"));
        } catch (HubException e) {
          failures.add(e.getMessage());
        }
      }
      assertThat(stranger.seen()).isNotEmpty()
          .noneMatch(s -> s.has("Authorization") || s.has("Cookie") || s.toString().contains("hub-secret"));
    }
    assertThat(failures).noneMatch(message -> message.contains("hub-secret"));
    assertThat(complete).as("complete, but for %s", failures).isGreaterThanOrEqualTo(98);
  }

  private static TransferSettings settings() {
    return TransferSettings.DEFAULT.parallel(3, 4, 8 << 10).stall(Duration.ofMillis(700)).sleeper(time -> {});
  }

  private static FakeHub hub(Random random) {
    byte[] weights = new byte[30_000 + random.nextInt(60_000)];
    random.nextBytes(weights);
    return new FakeHub().file("config.json", "{\"model_type\":\"qwen3\"}").file("model.safetensors", weights)
        .file("tokenizer.json", "{}".repeat(700)).file("sub/empty.txt", "");
  }

  private static void faults(FakeHub hub, FakeHub stranger, Random random) {
    List<Fault> kinds = List.of(Fault.CUT, Fault.status(500, ""), Fault.status(503, "2"), Fault.status(429, "1"),
        Fault.WRONG_BYTE, Fault.TOO_SHORT, Fault.TOO_LONG, Fault.CHANGED_ETAG, Fault.IGNORES_RANGE, Fault.GZIP,
        Fault.redirect("ftp://127.0.0.1/model.safetensors"), Fault.redirect("file:///etc/passwd"));
    hub.misbehave((request, file) -> {
      synchronized (random) {
        if (random.nextDouble() >= FAULTY || file.equals("sub/empty.txt")) {
          return Fault.NONE;
        }
        int kind = random.nextInt(kinds.size() + 1);
        // A listing with a flipped bit is another repository; its hashes are what everything is measured by.
        return kind == kinds.size() ? Fault.redirect(stranger.address() + "/storage/" + file)
            : file.isEmpty() && kinds.get(kind) == Fault.WRONG_BYTE ? Fault.CUT : kinds.get(kind);
      }
    });
  }

  private static void assertRight(Path model, Map<String, byte[]> files) throws IOException {
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      assertThat(Files.readAllBytes(model.resolve(file.getKey()))).isEqualTo(file.getValue());
    }
  }
}
