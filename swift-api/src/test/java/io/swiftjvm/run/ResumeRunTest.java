package io.swiftjvm.run;

import static io.swiftjvm.run.Trainings.ADAPTER;
import static io.swiftjvm.run.Trainings.recipe;
import static io.swiftjvm.run.Trainings.train;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.TrainEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training that was stopped and continued is the training that was not. */
class ResumeRunTest {
  @TempDir
  Path temp;

  private static Recipe resumed(Recipe recipe, Path checkpoint) {
    return recipe.with("resume_from_checkpoint", checkpoint.toString());
  }

  @Test
  void a_resumed_run_gives_the_bytes_of_the_unbroken_one_with_another_number_of_threads() {
    Path whole = train(recipe(temp.resolve("a")).with("save_steps", 2));
    for (int at : new int[] {2, 4}) {
      Path rest = train(resumed(recipe(temp.resolve("b" + at)), whole.resolveSibling("checkpoint-" + at)).threads(1));
      assertThat(rest.getFileName()).hasToString("checkpoint-6");
      assertThat(rest.resolve(ADAPTER)).hasSameBinaryContentAs(whole.resolve(ADAPTER));
    }
  }

  @Test
  void a_resumed_run_writes_where_the_first_part_did() throws IOException {
    Path whole = train(recipe(temp).with("save_steps", 4));
    byte[] bytes = Files.readAllBytes(whole.resolve(ADAPTER));
    Path again = train(resumed(recipe(temp), whole.resolveSibling("checkpoint-4")));
    assertThat(again).isEqualTo(whole);
    assertThat(again.resolve(ADAPTER)).hasBinaryContent(bytes);
  }

  @Test
  void a_cancelled_run_saves_and_resumes_to_the_same_bytes() {
    Path whole = train(recipe(temp.resolve("a")));
    CancellationToken token = new CancellationToken();
    Path stopped;
    try (Run run = recipe(temp.resolve("b")).plan().train(event -> {
      if (event instanceof TrainEvent.StepEnd step && step.step() == 3) {
        token.cancel();
      }
    }, token)) {
      assertThat(run.result().orElseThrow().cancelled()).isTrue();
      assertThat(run.result().orElseThrow().steps()).isEqualTo(3);
      assertThat(run.summary()).containsEntry("cancelled", true).containsEntry("steps", 3);
      stopped = run.checkpoint().orElseThrow();
      assertThat(run.chat("Who are you?").text()).isNotNull();
    }
    assertThat(stopped.getFileName()).hasToString("checkpoint-3");
    assertThat(train(resumed(recipe(temp.resolve("c")), stopped)).resolve(ADAPTER))
        .hasSameBinaryContentAs(whole.resolve(ADAPTER));
  }

  @Test
  void a_run_cancelled_before_it_starts_does_one_step_at_most() {
    CancellationToken token = new CancellationToken();
    token.cancel();
    try (Run run = recipe(temp).plan().train(event -> {}, token)) {
      assertThat(run.result().orElseThrow().cancelled()).isTrue();
      assertThat(run.result().orElseThrow().steps()).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void resuming_with_another_rank_data_or_batch_is_refused() {
    Path checkpoint = train(recipe(temp.resolve("a")).with("save_steps", 2)).resolveSibling("checkpoint-2");
    Recipe same = resumed(recipe(temp.resolve("b")), checkpoint);
    assertThatThrownBy(() -> train(same.lora(l -> l.rank(8)))).isInstanceOf(SwiftException.class)
        .hasMessageContaining("checkpoint-2");
    assertThatThrownBy(() -> train(same.dataset("swift/self-cognition#8"))).isInstanceOf(SwiftException.class)
        .hasMessageContaining("data");
    assertThatThrownBy(() -> train(same.with("per_device_train_batch_size", 1))).isInstanceOf(SwiftException.class);
    assertThatThrownBy(() -> train(same.with("data_seed", 1))).isInstanceOf(SwiftException.class);
    assertThatThrownBy(() -> train(same.full())).isInstanceOf(SwiftException.class);
  }

  @Test
  void resuming_at_the_end_has_nothing_left_to_do_but_to_tidy_up() throws IOException {
    Path whole = train(recipe(temp.resolve("a")));
    // A process that was killed while it wrote its report; no process has this number.
    Path left = Files.createFile(whole.resolveSibling("report.html.tmp-999999999"));
    try (Run run = resumed(recipe(temp.resolve("a")), whole).train()) {
      assertThat(left).doesNotExist();
      assertThat(run.result().orElseThrow().steps()).isEqualTo(6);
      assertThat(run.result().orElseThrow().cancelled()).isFalse();
      assertThat(run.loaded().adapters()).hasSize(1);
      assertThat(run.summary()).containsEntry("steps", 6).doesNotContainKey("loss");
    }
  }
}
