package io.swiftjvm.run;

import static io.swiftjvm.run.Trainings.ADAPTER;
import static io.swiftjvm.run.Trainings.recipe;
import static io.swiftjvm.run.Trainings.train;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.checkpoint.CheckpointStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where checkpoints go, which ones stay, and what a change between them is answered. */
class SavingTest {
  @TempDir
  Path temp;

  /** Evaluates before each save and keeps one checkpoint beside the best. */
  private Recipe evaluated(Path output) {
    return recipe(output).with("split_dataset_ratio", 0.25).with("eval_steps", 1).with("save_steps", 1)
        .with("save_total_limit", 1);
  }

  @Test
  void the_best_checkpoint_outlives_rotation_and_comes_back_at_the_end() {
    List<Double> losses = new ArrayList<>();
    // The greatest loss is that of an early step.
    Recipe recipe = evaluated(temp).with("load_best_model_at_end", true).with("greater_is_better", true);
    try (Run run = recipe.plan().train(event -> {
      if (event instanceof TrainEvent.Evaluated found) {
        losses.add(found.loss());
      }
    }, new CancellationToken())) {
      double greatest = losses.stream().mapToDouble(d -> d).max().orElseThrow();
      int step = losses.indexOf(greatest) + 1;
      assertThat(step).isLessThan(losses.size());
      assertThat(run.result().orElseThrow().bestMetric()).isEqualTo(greatest);
      assertThat(run.result().orElseThrow().best()).isEqualTo(temp.resolve("checkpoint-" + step));
      assertThat(new CheckpointStore(temp, null).folders())
          .containsExactly(temp.resolve("checkpoint-" + step), temp.resolve("checkpoint-" + losses.size()));
      assertThat(run.summary()).containsEntry("best_checkpoint", temp.resolve("checkpoint-" + step).toString());
      Path merged = run.export(temp.resolve("merged"), false);
      try (Run best = recipe(temp.resolve("x")).adapters(temp.resolve("checkpoint-" + step)).load()) {
        assertThat(best.export(temp.resolve("same"), false).resolve("model.safetensors"))
            .hasSameBinaryContentAs(merged.resolve("model.safetensors"));
      }
    }
  }

  @Test
  void the_greatest_value_is_the_best_where_that_is_asked_for_and_a_resumed_run_remembers_it() {
    try (Run run = evaluated(temp).with("greater_is_better", true).with("metric_for_best_model", "eval_loss").train()) {
      Path best = run.result().orElseThrow().best();
      double metric = run.result().orElseThrow().bestMetric();
      try (Run again = evaluated(temp).with("greater_is_better", true).with("resume_from_checkpoint", temp.toString())
          .train()) {
        assertThat(again.result().orElseThrow().best()).isEqualTo(best);
        assertThat(again.result().orElseThrow().bestMetric()).isEqualTo(metric);
      }
    }
    assertThatThrownBy(() -> train(evaluated(temp.resolve("b")).with("metric_for_best_model", "bleu")))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'bleu'").hasMessageContaining("loss");
    assertThatThrownBy(() -> evaluated(temp).with("load_best_model_at_end", true).with("eval_steps", 2).plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("multiple of eval_steps");
    assertThatThrownBy(() -> recipe(temp).with("load_best_model_at_end", true).plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("validation data");
  }

  @Test
  void results_and_copies_go_to_any_file_system_and_runs_continue_from_there() throws IOException {
    URI archive = URI.create("jar:" + temp.resolve("store.zip").toUri());
    Path whole = train(recipe(temp.resolve("a")).with("save_steps", 2));
    try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      Recipe there = recipe(zip.getPath("/run")).with("save_steps", 2).with("save_total_limit", 2);
      Path last = train(there);
      assertThat(last.getFileSystem()).isEqualTo(zip);
      assertThat(Files.readAllBytes(last.resolve(ADAPTER))).isEqualTo(Files.readAllBytes(whole.resolve(ADAPTER)));
      assertThat(new CheckpointStore(zip.getPath("/run"), null).folders()).hasSize(2);
      assertThat(Files.readString(zip.getPath("/run/logging.jsonl"))).contains("\"step\":6");
      Path rest = train(recipe(temp.resolve("b")).with("resume_from_checkpoint", archive + "!/run/checkpoint-4"));
      assertThat(rest.resolve(ADAPTER)).hasSameBinaryContentAs(whole.resolve(ADAPTER));
      train(recipe(temp.resolve("c")).with("save_steps", 3).with("backup_dir", archive + "!/copy"));
      CheckpointStore copies = new CheckpointStore(zip.getPath("/copy"), null);
      assertThat(copies.folders()).hasSize(2);
      assertThat(copies.latest().orElseThrow().getFileName()).hasToString("checkpoint-6");
    }
    assertThatThrownBy(() -> recipe(temp).with("backup_dir", "s3://bucket/run"))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("FileSystemProvider");
  }

  @Test
  void paged_optimizer_state_changes_nothing_and_leaves_no_file() throws IOException {
    Path plain = train(recipe(temp.resolve("a")));
    Path paged = train(recipe(temp.resolve("b")).with("optim", "paged_adamw_32bit").with("save_steps", 2));
    assertThat(paged.resolve(ADAPTER)).hasSameBinaryContentAs(plain.resolve(ADAPTER));
    Path rest = train(recipe(temp.resolve("c")).with("optim", "paged_adamw")
        .with("resume_from_checkpoint", paged.resolveSibling("checkpoint-4").toString()));
    assertThat(rest.resolve(ADAPTER)).hasSameBinaryContentAs(plain.resolve(ADAPTER));
    assertThat(Swift.model("swift-tiny").with("optim", "paged_adamw_8bit").settings().train().optim().name())
        .isEqualTo("paged_adamw_8bit");
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      assertThat(files.filter(f -> f.getFileName().toString().startsWith("swift-optimizer-"))).isEmpty();
    }
  }

  @Test
  void the_loss_of_each_channel_is_logged_and_their_mean_is_the_loss() throws IOException {
    Path rows = Files.write(temp.resolve("rows.jsonl"), List.of(
        "{\"query\": \"a\", \"response\": \"one two three\", \"channel\": \"x\"}",
        "{\"query\": \"b\", \"response\": \"four\", \"channel\": \"y\"}",
        "{\"query\": \"c\", \"response\": \"five six\", \"channel\": \"x\"}",
        "{\"query\": \"d\", \"response\": \"seven eight nine\"}"));
    List<TrainEvent> events = new ArrayList<>();
    Recipe recipe = Swift.model("swift-tiny").dataset(rows.toString()).with("enable_channel_loss", true)
        .with("logging_steps", 1).outputDir(temp.resolve("out"))
        .training(t -> t.batch(b -> b.perDevice(2).accumulation(2).maxSteps(2)));
    try (Run run = recipe.plan().train(events::add, new CancellationToken())) {
      assertThat(run.result()).isPresent();
    }
    TrainEvent.Channels channels = events.stream().filter(TrainEvent.Channels.class::isInstance)
        .map(TrainEvent.Channels.class::cast).findFirst().orElseThrow();
    TrainEvent.StepEnd end = events.stream().filter(TrainEvent.StepEnd.class::isInstance)
        .map(TrainEvent.StepEnd.class::cast).findFirst().orElseThrow();
    assertThat(channels.sums()).containsOnlyKeys("x", "y");
    double known = channels.sums().values().stream().mapToDouble(d -> d).sum();
    long tokens = channels.tokens().values().stream().mapToLong(n -> n).sum();
    assertThat(known).isBetween(0.3 * end.loss() * end.labelled(), end.loss() * end.labelled());
    assertThat(tokens).isLessThan((long) end.labelled());
    String log = Files.readString(temp.resolve("out/logging.jsonl"));
    assertThat(log).contains("\"loss_x\":" + channels.sums().get("x") / channels.tokens().get("x"), "\"loss_y\":");
  }

  @Test
  void a_copy_that_fails_is_told_and_stops_nothing() throws IOException {
    Path file = Files.writeString(temp.resolve("file"), "not a folder");
    List<String> warnings = new ArrayList<>();
    try (Run run = recipe(temp.resolve("a")).with("backup_dir", file.toString()).plan().train(event -> {
      if (event instanceof TrainEvent.Warning warning) {
        warnings.add(warning.message());
      }
    }, new CancellationToken())) {
      assertThat(run.result().orElseThrow().steps()).isEqualTo(6);
    }
    assertThat(warnings).singleElement().asString().contains("copy").contains(file.toString());
  }

  @Test
  void another_base_model_or_data_set_is_refused_by_name_unless_it_is_accepted() {
    Path checkpoint = train(recipe(temp.resolve("a")).full().with("save_steps", 2)).resolveSibling("checkpoint-2");
    Path base = train(recipe(temp.resolve("base")).full().with("max_steps", 1));
    Recipe same = recipe(temp.resolve("b")).full().with("resume_from_checkpoint", checkpoint.toString());
    Recipe other = Recipe.of(same.settings().model(m -> m.model(base.toString())));
    assertThatThrownBy(() -> train(other)).isInstanceOf(CheckpointException.class).hasMessageContaining("base model was");
    assertThatThrownBy(() -> train(same.dataset("swift/self-cognition#11"))).isInstanceOf(CheckpointException.class)
        .hasMessageContaining("data was").hasMessageContaining("resume_accept 'data'");
    List<String> warnings = new ArrayList<>();
    same.dataset("swift/self-cognition#11").with("resume_accept", List.of("data")).plan().train(event -> {
      if (event instanceof TrainEvent.Warning warning) {
        warnings.add(warning.message());
      }
    }, new CancellationToken()).close();
    assertThat(warnings).singleElement().asString().contains("data was");
    assertThatThrownBy(() -> recipe(temp).with("resume_accept", "data").plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("resume_from_checkpoint");
  }

  @Test
  void a_full_disk_is_a_typed_refusal_that_leaves_the_checkpoint_before() throws IOException, InterruptedException {
    Path small = Files.createDirectory(temp.resolve("small"));
    Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small.toString()).start();
    assumeThat(mount.waitFor()).as("a small file system can only be mounted by root").isZero();
    try {
      Path out = small.resolve("out");
      Recipe recipe = recipe(out).lora(l -> l.rank(8)).with("save_steps", 1);
      assertThatThrownBy(() -> train(recipe)).isInstanceOf(CheckpointException.class)
          .hasMessageContaining(out.toString()).hasMessageContaining("bytes").hasMessageContaining("free");
      Path last = new CheckpointStore(out, null).latest().orElseThrow();
      assertThat(last.getFileName()).hasToString("checkpoint-1");
      Path rest = train(recipe.outputDir(temp.resolve("rest")).with("resume_from_checkpoint", last.toString()));
      Path whole = train(recipe.outputDir(temp.resolve("whole")));
      assertThat(rest.resolve(ADAPTER)).hasSameBinaryContentAs(whole.resolve(ADAPTER));
      Path later = small.resolve("later");
      clear(out);
      List<String> warnings = new ArrayList<>();
      Recipe lasting = recipe.outputDir(later).with("save_steps", 2).with("continue_on_save_error", true);
      try (Run run = lasting.plan().train(event -> {
        if (event instanceof TrainEvent.Warning warning && warning.message().startsWith("not saved")) {
          warnings.add(warning.message());
          clear(later.resolve("checkpoint-2"));
        }
      }, new CancellationToken())) {
        assertThat(run.checkpoint().orElseThrow().resolve(ADAPTER)).hasSameBinaryContentAs(whole.resolve(ADAPTER));
      }
      assertThat(warnings).singleElement().asString().contains("checkpoint-4");
    } finally {
      new ProcessBuilder("umount", small.toString()).start().waitFor();
    }
  }

  private static void clear(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
