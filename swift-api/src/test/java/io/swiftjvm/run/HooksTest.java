package io.swiftjvm.run;

import static io.swiftjvm.run.Trainings.recipe;
import static io.swiftjvm.run.Trainings.steps;
import static io.swiftjvm.run.Trainings.train;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.TrainEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports, callbacks and losses of a plan. */
class HooksTest {
  @TempDir
  Path temp;

  @Test
  void a_run_leaves_a_log_curves_and_a_page_as_it_was_asked_for() throws IOException {
    train(recipe(temp.resolve("a")));
    assertThat(temp.resolve("a/report.html")).content().contains("Done after 6 steps", "<polyline", "swift-tiny");
    assertThat(temp.resolve("a/runs")).isDirectoryContaining("glob:**events.out.tfevents.*");
    List<String> log = Files.readAllLines(temp.resolve("a/logging.jsonl"));
    assertThat(log.getLast()).contains("last_model_checkpoint", "checkpoint-6", "best_metric");
    train(recipe(temp.resolve("b")).with("report_to", "none"));
    assertThat(temp.resolve("b")).isDirectoryNotContaining("glob:**report.html").isDirectoryNotContaining("glob:**runs");
    assertThatThrownBy(() -> recipe(temp).with("report_to", "wandb")).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("callback");
  }

  @Test
  void registered_callbacks_hear_everything_and_can_stop_the_training() {
    NamedHooks.NOTES.clear();
    try (Run run = recipe(temp).with("callbacks", List.of("notes")).train()) {
      assertThat(run.result().orElseThrow().cancelled()).isTrue();
      assertThat(run.result().orElseThrow().steps()).isEqualTo(3);
    }
    assertThat(NamedHooks.NOTES).containsExactly("Started", "StepEnd", "StepEnd", "StepEnd", "Saved", "Cancelled");
    assertThatThrownBy(() -> recipe(temp).with("callbacks", List.of("other")).train())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'other'").hasMessageContaining("[notes]");
  }

  @Test
  void another_loss_comes_by_name_or_as_an_object() {
    double usual = steps(recipe(temp).with("max_steps", 1)).getFirst().loss();
    double named = steps(recipe(temp).with("max_steps", 1).with("loss_type", "doubled")).getFirst().loss();
    assertThat(named).isCloseTo(2 * usual, within(1e-9 * usual));
    List<Double> seen = new ArrayList<>();
    recipe(temp).with("max_steps", 1).plan().train(job -> job.objective(new NamedHooks.Doubled()).listener(event -> {
      if (event instanceof TrainEvent.StepEnd end) {
        seen.add(end.loss());
      }
    })).close();
    assertThat(seen).containsExactly(named);
  }

  @Test
  void a_training_that_gets_no_better_ends_early_and_says_so() {
    List<String> warnings = new ArrayList<>();
    Recipe recipe = recipe(temp).with("split_dataset_ratio", 0.25).with("eval_steps", 1).with("save_steps", 1)
        .with("early_stop_interval", 2).training(t -> t.optim(o -> o.learningRate(1e-12)));
    try (Run run = recipe.plan().train(event -> {
      if (event instanceof TrainEvent.Warning warning) {
        warnings.add(warning.message());
      }
    }, new CancellationToken())) {
      assertThat(run.result().orElseThrow().cancelled()).isFalse();
      assertThat(run.result().orElseThrow().steps()).isLessThan(6);
    }
    assertThat(warnings).anyMatch(warning -> warning.contains("stopped early: 2 saves"));
    assertThatThrownBy(() -> recipe(temp).with("early_stop_interval", 2).plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("early_stop_interval is 2");
  }

  @Test
  void a_flight_recording_has_the_steps_and_saves() throws IOException {
    Path file = temp.resolve("training.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("io.swiftjvm.TrainStep").withoutThreshold();
      recording.enable("io.swiftjvm.TrainSave").withoutThreshold();
      recording.start();
      train(recipe(temp.resolve("out")).with("save_steps", 3));
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    assertThat(events).filteredOn(e -> e.getEventType().getName().equals("io.swiftjvm.TrainStep")).hasSize(6)
        .allSatisfy(e -> {
          assertThat(e.getDouble("loss")).isPositive();
          assertThat(e.getDuration()).isPositive();
        });
    assertThat(events).filteredOn(e -> e.getEventType().getName().equals("io.swiftjvm.TrainSave"))
        .extracting(e -> e.getInt("step")).containsExactly(3, 6);
  }
}
