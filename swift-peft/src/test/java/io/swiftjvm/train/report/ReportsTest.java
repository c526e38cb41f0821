package io.swiftjvm.train.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.swiftjvm.train.JsonlLog;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a training's events. */
class ReportsTest {
  @TempDir
  Path temp;

  private static TrainEvent.StepEnd step(int step, double loss, long memory) {
    return new TrainEvent.StepEnd(step, 10, loss, 0.5, 1e-3, step / 5.0, 100, 80, 1234, memory, 1);
  }

  private static void training(Consumer<TrainEvent> listener, int from, int to) {
    listener.accept(new TrainEvent.Started(from, 10, 5, 50, "a <tiny> adapter"));
    for (int i = from + 1; i <= to; i++) {
      listener.accept(step(i, 10.0 - i, 1 << 20));
    }
    listener.accept(new TrainEvent.Evaluated(to, 3.25, 7, Map.of("accuracy", 0.5)));
    listener.accept(new TrainEvent.Warning(to, "look & see"));
  }

  /** Tag and step to value, for every scalar of a file whose check sums are right. */
  private static Map<String, Float> scalars(Path file) throws IOException {
    Map<String, Float> out = new LinkedHashMap<>();
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      byte[] length = new byte[8];
      in.get(length);
      assertThat(in.getInt()).isEqualTo(EventFile.masked(length));
      byte[] data = new byte[Math.toIntExact(ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong())];
      in.get(data);
      assertThat(in.getInt()).isEqualTo(EventFile.masked(data));
      ByteBuffer event = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(event.get()).isEqualTo((byte) 0x09);
      event.getDouble();
      assertThat(event.get()).isEqualTo((byte) 0x10);
      int step = event.get();
      if (event.get() == 0x2a) {
        event.get();
        assertThat(event.get()).isEqualTo((byte) 0x0a);
        event.get();
        assertThat(event.get()).isEqualTo((byte) 0x0a);
        byte[] tag = new byte[event.get()];
        event.get(tag);
        assertThat(event.get()).isEqualTo((byte) 0x15);
        out.put(new String(tag, StandardCharsets.UTF_8) + "@" + step, event.getFloat());
      }
    }
    return out;
  }

  @Test
  void a_check_sum_is_masked_as_in_tensorflows_records() {
    // CRC-32C of "123456789" is e3069283.
    assertThat(EventFile.masked("123456789".getBytes(StandardCharsets.US_ASCII)))
        .isEqualTo(Integer.rotateRight(0xe3069283, 15) + 0xa282ead8);
  }

  @Test
  void curves_are_records_that_tensorboard_reads() throws IOException {
    training(new TensorBoardLog(temp, 2, () -> 1_700_000_000.5), 0, 4);
    try (var files = Files.list(temp)) {
      Map<String, Float> scalars = scalars(files.findFirst().orElseThrow());
      assertThat(scalars).contains(entry("train/loss@2", 8.5f), entry("train/loss@4", 6.5f),
          entry("train/learning_rate@4", 1e-3f), entry("train/epoch@2", 0.4f), entry("eval/loss@4", 3.25f),
          entry("eval/accuracy@4", 0.5f)).doesNotContainKey("train/loss@1");
    }
  }

  @Test
  void the_page_shows_all_parts_of_a_continued_run_and_needs_nothing_else() throws IOException {
    Path log = temp.resolve("logging.jsonl");
    Path page = temp.resolve("report.html");
    training(new JsonlLog(log, 1), 0, 5);
    Consumer<TrainEvent> second = new JsonlLog(log, 1).andThen(new HtmlReport(page, log, "model: \"x<y>\"\n"));
    training(second, 3, 10);
    TrainResult result = new TrainResult(10, false, 0.5, 3.25, 1000, 0, 12.5, temp, null, Double.NaN);
    second.accept(new TrainEvent.Finished(10, result));
    String html = Files.readString(page);
    assertThat(html).contains("Done after 10 steps", "a &lt;tiny&gt; adapter", "x&lt;y&gt;", "look &amp; see", "Validation loss")
        .doesNotContain("http", "<script", "src=");
    assertThat(html.split("<polyline", -1)).hasSize(7);
    String curve = html.substring(html.indexOf("<polyline points=\"") + 18);
    assertThat(curve.substring(0, curve.indexOf('"')).strip().split(" ")).hasSize(10);
  }

  @Test
  void meters_follow_the_training() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    training(new TrainingMeters(registry, "run", "a"), 0, 4);
    assertThat(registry.get("swift.training.loss").tag("run", "a").gauge().value()).isEqualTo(6.0);
    assertThat(registry.get("swift.training.eval.loss").gauge().value()).isEqualTo(3.25);
    assertThat(registry.get("swift.training.progress").gauge().value()).isEqualTo(0.4);
    assertThat(registry.get("swift.training.steps").counter().count()).isEqualTo(4);
    assertThat(registry.get("swift.training.tokens").counter().count()).isEqualTo(400);
  }

  @Test
  void alerts_come_once_for_a_flat_loss_a_risen_one_and_growing_memory() {
    List<String> told = new ArrayList<>();
    Alerts alerts = new Alerts(30, warning -> told.add(warning.message()));
    for (int i = 1; i <= 40; i++) {
      alerts.accept(step(i, 3.0 - 0.01 * i, 1 << 20));
    }
    assertThat(told).isEmpty();
    for (int i = 41; i <= 140; i++) {
      alerts.accept(step(i, 3.5, 1 << 20));
    }
    assertThat(told).singleElement().asString().contains("has not fallen for 30 steps");
    for (int i = 141; i <= 160; i++) {
      alerts.accept(step(i, 50, 4 << 20));
    }
    assertThat(told).hasSize(3).anyMatch(alert -> alert.contains("risen")).anyMatch(alert -> alert.contains("grown"));
    List<String> none = new ArrayList<>();
    Alerts silent = new Alerts(0, warning -> none.add(warning.message()));
    for (int i = 1; i <= 300; i++) {
      silent.accept(step(i, 3, 1 << 20));
    }
    assertThat(none).isEmpty();
  }
}
