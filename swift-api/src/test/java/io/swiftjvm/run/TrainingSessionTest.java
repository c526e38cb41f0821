package io.swiftjvm.run;

import static io.swiftjvm.run.Trainings.ADAPTER;
import static io.swiftjvm.run.Trainings.recipe;
import static io.swiftjvm.run.Trainings.steps;
import static io.swiftjvm.run.Trainings.train;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.Plan;
import io.swiftjvm.Recipe;
import io.swiftjvm.Swift;
import io.swiftjvm.train.TrainEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a training of a plan leaves. */
class TrainingSessionTest {
  @TempDir
  Path temp;

  @Test
  void the_same_plan_and_seed_give_the_same_bytes_with_one_thread_and_with_two() {
    Path one = train(recipe(temp.resolve("a")));
    assertThat(train(recipe(temp.resolve("b"))).resolve(ADAPTER)).hasSameBinaryContentAs(one.resolve(ADAPTER));
    assertThat(train(recipe(temp.resolve("c")).threads(1)).resolve(ADAPTER)).hasSameBinaryContentAs(one.resolve(ADAPTER));
    assertThat(train(recipe(temp.resolve("d")).with("gradient_checkpointing", false)).resolve(ADAPTER))
        .hasSameBinaryContentAs(one.resolve(ADAPTER));
  }

  @Test
  void another_seed_gives_other_bytes() throws IOException {
    byte[] one = Files.readAllBytes(train(recipe(temp.resolve("a"))).resolve(ADAPTER));
    for (String seed : List.of("seed", "data_seed")) {
      assertThat(Files.readAllBytes(train(recipe(temp.resolve(seed)).with(seed, 7)).resolve(ADAPTER))).isNotEqualTo(one);
    }
  }

  @Test
  void the_plan_beside_the_results_is_the_plan_and_trains_the_same_again() throws IOException {
    Plan plan = recipe(temp.resolve("a")).plan();
    Path first = train(recipe(temp.resolve("a")));
    assertThat(Swift.plan(temp.resolve("a/args.json"))).isEqualTo(plan);
    assertThat(Swift.plan(first.resolve("args.json"))).isEqualTo(plan);
    byte[] bytes = Files.readAllBytes(first.resolve(ADAPTER));
    try (var again = Swift.plan(first.resolve("args.json")).train()) {
      assertThat(again.checkpoint().orElseThrow().resolve(ADAPTER)).hasBinaryContent(bytes);
    }
  }

  @Test
  void packed_and_unpacked_rows_give_the_same_step() {
    Recipe base = recipe(temp.resolve("a")).lora(l -> l.dropout(0)).with("max_steps", 1)
        .training(t -> t.batch(b -> b.perDevice(1).accumulation(16)));
    TrainEvent.StepEnd rows = steps(base).getFirst();
    TrainEvent.StepEnd packs = steps(base.with("packing", true).with("packing_length", 256).with("max_length", 256)
        .outputDir(temp.resolve("b"))).getFirst();
    assertThat(packs.labelled()).isEqualTo(rows.labelled());
    assertThat(packs.tokens()).isEqualTo(rows.tokens());
    assertThat(packs.loss()).isCloseTo(rows.loss(), within(1e-5 * rows.loss()));
    assertThat(packs.gradNorm()).isCloseTo(rows.gradNorm(), within(1e-4 * rows.gradNorm()));
  }

  @Test
  void a_step_is_the_same_however_it_is_cut_into_micro_batches() {
    Recipe base = recipe(temp.resolve("a")).lora(l -> l.dropout(0)).with("max_steps", 1);
    TrainEvent.StepEnd one = steps(base.training(t -> t.batch(b -> b.perDevice(12).accumulation(1)))).getFirst();
    TrainEvent.StepEnd many = steps(base.outputDir(temp.resolve("b"))
        .training(t -> t.batch(b -> b.perDevice(1).accumulation(12)))).getFirst();
    assertThat(many.loss()).isCloseTo(one.loss(), within(1e-5 * one.loss()));
    assertThat(many.gradNorm()).isCloseTo(one.gradNorm(), within(1e-4 * one.gradNorm()));
  }

  @Test
  void the_loss_falls_and_the_rate_follows_the_curve() {
    List<TrainEvent.StepEnd> steps = steps(recipe(temp.resolve("a")));
    assertThat(steps).hasSize(6);
    assertThat(steps.getLast().loss()).isLessThan(steps.getFirst().loss());
    assertThat(steps.getLast().learningRate()).isLessThan(steps.getFirst().learningRate());
    assertThat(steps.getLast().epoch()).isEqualTo(3.0);
  }

  @Test
  void a_validation_part_is_measured_and_not_trained_on() throws IOException {
    Path checkpoint = train(recipe(temp.resolve("a")).with("split_dataset_ratio", 0.25).with("eval_steps", 1)
        .with("max_steps", 2));
    assertThat(Files.readString(checkpoint.resolveSibling("logging.jsonl"))).contains("eval_loss");
  }

  @Test
  void full_tuning_leaves_a_model_folder_that_answers() {
    Path folder = train(recipe(temp.resolve("a")).full().with("max_steps", 1));
    try (var run = Swift.model(folder.toString()).sampling(s -> s.temperature(0.0).maxTokens(3)).load()) {
      assertThat(run.chat("Hi").tokens()).isNotEmpty();
    }
  }

  @Test
  void versions_of_a_run_lie_side_by_side() {
    Recipe recipe = recipe(temp).with("add_version", true).with("max_steps", 1);
    assertThat(train(recipe).getParent().getFileName().toString()).startsWith("v0-");
    assertThat(train(recipe).getParent().getFileName().toString()).startsWith("v1-");
  }
}
