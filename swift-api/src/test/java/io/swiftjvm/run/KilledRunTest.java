package io.swiftjvm.run;

import static io.swiftjvm.run.Trainings.ADAPTER;
import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.checkpoint.CheckpointStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that is killed without warning, at moments of nobody's choosing: {@code -Dswift.kills=200} times by hand.
 * Dropout, accumulation and a ragged last batch are on, packing and the number of threads change from run to run.
 */
class KilledRunTest {
  private static final int KILLS = Integer.getInteger("swift.kills", 5);

  @TempDir
  Path temp;

  private static Recipe recipe(Path model, Path data, Path output, boolean packing, int threads) {
    return Swift.model(model.toString()).lora(l -> l.rank(2).dropout(0.1)).dataset(data.toString()).threads(threads)
        .outputDir(output).with("packing", packing).with("max_length", 96).with("save_steps", 1)
        .training(t -> t.optim(o -> o.learningRate(1e-3)).batch(b -> b.perDevice(packing ? 1 : 2).accumulation(3)
            .epochs(packing ? 7 : 4)));
  }

  /** What the killed process runs: goes on from the newest whole checkpoint and tells what is durable. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) {
      Path out = Path.of(args[2]);
      Recipe recipe = recipe(Path.of(args[0]), Path.of(args[1]), out, Boolean.parseBoolean(args[3]),
          Integer.parseInt(args[4])).with("save_total_limit", 3);
      if (new CheckpointStore(out, null).latest().isPresent()) {
        recipe = recipe.with("resume_from_checkpoint", out.toString());
      }
      recipe.plan().train(event -> {
        if (event instanceof TrainEvent.Saved saved) {
          System.out.println(saved.step());
        }
      }, new CancellationToken()).close();
    }
  }

  /** What every checkpoint and every line of the log must be. */
  private Path reference(Path model, Path data, boolean packing) {
    Path out = temp.resolve("reference-" + packing);
    Trainings.train(recipe(model, data, out, packing, 2));
    return out;
  }

  @Test
  void a_killed_run_goes_on_to_the_bits_of_the_run_that_was_not() throws IOException, InterruptedException {
    Path model = temp.resolve("model");
    Files.createDirectory(model);
    try (Run run = Swift.model("swift-tiny").load(); var files = Files.list(run.loaded().source().folder())) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName().toString()));
      }
    }
    Path data = temp.resolve("data.jsonl");
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 23; i++) {
      rows.append("{\"query\": \"What is ").append(i).append(" and ").append(i % 5).append("?\", \"response\": \"It is ")
          .append("very ".repeat(i % 7)).append(i + i % 5).append(".\"}\n");
    }
    Files.writeString(data, rows);
    Path[] references = {reference(model, data, false), reference(model, data, true)};
    Random random = new Random(Long.getLong("swift.kills.seed", 7L));
    int kills = 0;
    for (int round = 0; kills < KILLS; round++) {
      boolean packing = round % 2 == 0;
      Path out = temp.resolve("out" + round);
      Path reference = references[packing ? 1 : 0];
      boolean done = false;
      while (!done) {
        int saved = life(List.of(model.toString(), data.toString(), out.toString(), Boolean.toString(packing),
            Integer.toString(1 + random.nextInt(2))), kills < KILLS ? random : null);
        done = saved < 0;
        kills += done ? 0 : 1;
        whole(out, reference, done ? 0 : saved);
      }
      assertThat(steps(out)).isEqualTo(steps(reference));
      try (var files = Files.list(out)) {
        assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.contains(".tmp-"))).isEmpty();
      }
    }
    System.getLogger("kills").log(System.Logger.Level.INFO, "killed " + kills + " times");
  }

  /** Runs a process and kills it, unless there is no {@code random}; the last step it said was durable, -1 at the end. */
  private int life(List<String> arguments, Random random) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-cp",
        System.getProperty("java.class.path"), Child.class.getName()));
    command.addAll(arguments);
    Path log = temp.resolve("child.log");
    Process child = new ProcessBuilder(command).redirectError(log.toFile()).start();
    AtomicInteger saved = new AtomicInteger();
    AtomicInteger lines = new AtomicInteger();
    Thread reader = Thread.ofPlatform().start(() -> {
      try (BufferedReader in = child.inputReader()) {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          saved.set(Integer.parseInt(line));
          lines.incrementAndGet();
        }
      } catch (IOException e) {
        // the end of a process that was killed
      }
    });
    if (random != null) {
      int wanted = random.nextInt(8);
      while (child.isAlive() && lines.get() < wanted) {
        Thread.sleep(1);
      }
      Thread.sleep(wanted == 0 ? random.nextInt(1500) : 0, random.nextInt(1_000_000));
      Thread.sleep(random.nextInt(60));
      child.destroyForcibly();
    }
    int code = child.waitFor();
    reader.join();
    assertThat(code).as(Files.readString(log)).isIn(0, 137);
    return code == 0 ? -1 : saved.get();
  }

  /** The newest checkpoint is whole, is not older than what was told, and has the bits of the unbroken run. */
  private static void whole(Path out, Path reference, int told) throws IOException {
    Path latest = new CheckpointStore(out, null).latest().orElse(null);
    if (latest == null) {
      assertThat(told).isZero();
      return;
    }
    String name = latest.getFileName().toString();
    assertThat(Integer.parseInt(name.substring("checkpoint-".length()))).isGreaterThanOrEqualTo(told);
    for (String file : List.of(ADAPTER, "optimizer.safetensors")) {
      assertThat(latest.resolve(file)).hasSameBinaryContentAs(reference.resolve(name).resolve(file));
    }
  }

  /** Loss, norm and rate of every step, as the log has them. */
  private static List<String> steps(Path out) throws IOException {
    return Files.readAllLines(out.resolve("logging.jsonl")).stream().filter(line -> line.contains("grad_norm"))
        .map(line -> line.replaceFirst(",\"epoch.*", "")).toList();
  }
}
