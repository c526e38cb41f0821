package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library as a guest in somebody's application. */
class EmbeddedTest {
  private static final String ADAPTER = "adapter_model.safetensors";

  @TempDir
  Path temp;

  private static Recipe recipe(Path output, int seed) {
    return Swift.model("swift-tiny").dataset("swift/self-cognition#6").with("model_name", "A").with("model_author", "B")
        .with("max_steps", 3).with("seed", seed).with("gradient_accumulation_steps", 2).outputDir(output);
  }

  private static Path train(Recipe recipe) {
    try (Run run = recipe.train()) {
      run.chat("Hi");
      return run.checkpoint().orElseThrow();
    }
  }

  @Test
  void trainings_on_virtual_threads_side_by_side_give_the_bytes_of_one_alone() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Path>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Recipe recipe = recipe(temp.resolve("side" + i), i % 2);
        all.add(threads.submit(() -> train(recipe)));
      }
      Path[] alone = {train(recipe(temp.resolve("alone0"), 0)), train(recipe(temp.resolve("alone1"), 1))};
      for (int i = 0; i < 4; i++) {
        assertThat(all.get(i).get().resolve(ADAPTER)).hasSameBinaryContentAs(alone[i % 2].resolve(ADAPTER));
      }
    }
  }

  @Test
  void an_interrupted_virtual_thread_saves_stops_and_closes_cleanly() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    boolean[] interrupted = new boolean[1];
    CompletableFuture<Path> checkpoint = new CompletableFuture<>();
    Thread thread = Thread.ofVirtual().start(() -> {
      Plan plan = recipe(temp, 1).with("max_steps", 10_000).plan();
      try (Run run = plan.train(job -> job.listener(event -> started.countDown()))) {
        interrupted[0] = Thread.currentThread().isInterrupted();
        checkpoint.complete(run.checkpoint().orElseThrow());
      } catch (RuntimeException e) {
        checkpoint.completeExceptionally(e);
        started.countDown();
      }
    });
    started.await();
    Thread.sleep(50);
    thread.interrupt();
    assertThat(checkpoint.get(60, TimeUnit.SECONDS)).isDirectoryContaining("glob:**" + ADAPTER);
    assertThat(interrupted[0]).as("the wish to stop stays visible").isTrue();
  }
}
