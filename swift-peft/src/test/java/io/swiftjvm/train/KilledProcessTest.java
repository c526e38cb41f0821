package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.train.checkpoint.CheckpointStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed without warning, at moments of nobody's choosing. */
@Tag("heavy")
class KilledProcessTest {
  private static final int STEPS = 40;

  @TempDir
  Path temp;

  /** What the child process runs: saves after every step and goes on from the newest whole checkpoint. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) {
      Path out = Path.of(args[0]);
      Path last = new CheckpointStore(out, null).latest().orElse(null);
      TinyRun.run(TinyRun.SPEC.checkpoint(c -> c.outputDir(out).saveSteps(1).totalLimit(3).resumeFrom(last)), STEPS,
          Path.of(args[1]), job -> job);
    }
  }

  @Test
  void a_run_that_was_killed_many_times_ends_with_the_same_bytes() throws IOException, InterruptedException {
    TinyRun.run(TinyRun.SPEC, STEPS, temp.resolve("whole"), job -> job);
    Path out = temp.resolve("out");
    Path done = temp.resolve("done");
    int kills = 0;
    int seen = 0;
    for (int attempt = 0; attempt < 30 && !Files.exists(done.resolve("adapter_config.json")); attempt++) {
      Process child = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), Child.class.getName(),
          out.toString(), done.toString())).redirectErrorStream(true)
          .redirectOutput(temp.resolve("child.log").toFile()).start();
      int wanted = seen + 3 + attempt;
      while (child.isAlive() && (kills >= 5 || newest(out) < wanted)) {
        Thread.sleep(5 + attempt);
      }
      if (child.isAlive()) {
        child.destroyForcibly();
        kills++;
      }
      child.waitFor();
      seen = newest(out);
    }
    assertThat(kills).as(Files.readString(temp.resolve("child.log"))).isPositive();
    assertThat(done.resolve("adapter_model.safetensors"))
        .hasSameBinaryContentAs(temp.resolve("whole/adapter_model.safetensors"));
    assertThat(new CheckpointStore(out, null).folders()).hasSize(3);
  }

  private static int newest(Path out) {
    List<Path> folders = new CheckpointStore(out, null).folders();
    return folders.isEmpty() ? 0
        : Integer.parseInt(folders.getLast().getFileName().toString().substring("checkpoint-".length()));
  }
}
