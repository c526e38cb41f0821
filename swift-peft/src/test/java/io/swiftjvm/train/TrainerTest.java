package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.data.Batch;
import io.swiftjvm.error.TrainingException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.checkpoint.CheckpointStore;
import io.swiftjvm.tuner.LoraTransform;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  private static final String WEIGHTS = "adapter_model.safetensors";

  @TempDir
  Path temp;

  @Test
  void packed_and_unpacked_rows_give_the_same_gradients() {
    List<Batch> packed = Oracle.micro("qwen3");
    List<Batch> alone = packed.stream().flatMap(batch -> Oracle.split(batch).stream()).toList();
    try (Backend backend = Devices.cpu(); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      TrainedWeights weights = TrainedWeights.of(
          new LoraTransform(TinyRun.LORA.dropout(0), 1).attach(model), "base");
      List<float[]> one = gradients(weights, packed);
      List<float[]> two = gradients(weights, alone);
      for (int i = 0; i < one.size(); i++) {
        assertThat(Oracle.worst(one.get(i), two.get(i))).isLessThanOrEqualTo(1e-5 * Oracle.largest(one.get(i)) + 1e-9);
      }
    }
  }

  private static List<float[]> gradients(TrainedWeights weights, List<Batch> micro) {
    TrainJob job = TrainJob.of(weights, TinyRun.SPEC, BatchSource.cycle(List.of(micro), 1, "x"));
    List<float[]> all = new ArrayList<>();
    try (StepRunner runner = new StepRunner(job)) {
      runner.accumulate(0, micro);
      for (Parameter parameter : weights.parameters()) {
        Tensor gradient = runner.gradients().get(parameter.value());
        assertThat(gradient).isNotNull();
        all.add(gradient.toFloats());
      }
    }
    return all;
  }

  @Test
  void the_same_seed_and_plan_give_the_same_bytes_with_one_thread_and_two_with_and_without_recomputation() {
    TinyRun.run(Devices.cpu(1), TinyRun.SPEC, 5, temp.resolve("a"), job -> job);
    TinyRun.run(Devices.cpu(2), TinyRun.SPEC, 5, temp.resolve("b"), job -> job);
    TinyRun.run(Devices.cpu(2), TinyRun.SPEC.gradientCheckpointing(false), 5, temp.resolve("c"), job -> job);
    TinyRun.run(Devices.cpu(2), TinyRun.SPEC.granularity(Recompute.FULL), 5, temp.resolve("e"), job -> job);
    TinyRun.run(Devices.cpu(2), TinyRun.SPEC.seed(8), 5, temp.resolve("d"), job -> job);
    assertThat(temp.resolve("b").resolve(WEIGHTS)).hasSameBinaryContentAs(temp.resolve("a").resolve(WEIGHTS));
    assertThat(temp.resolve("c").resolve(WEIGHTS)).hasSameBinaryContentAs(temp.resolve("a").resolve(WEIGHTS));
    assertThat(temp.resolve("e").resolve(WEIGHTS)).hasSameBinaryContentAs(temp.resolve("a").resolve(WEIGHTS));
    assertThat(Oracle.tensors(temp.resolve("d").resolve(WEIGHTS)).values().iterator().next())
        .isNotEqualTo(Oracle.tensors(temp.resolve("a").resolve(WEIGHTS)).values().iterator().next());
  }

  @Test
  void trainings_side_by_side_do_not_disturb_each_other() throws Exception {
    TinyRun.run(TinyRun.SPEC, 5, temp.resolve("alone"), job -> job);
    try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
      List<Future<TrainResult>> runs = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Path save = temp.resolve("run" + i);
        runs.add(pool.submit(() -> TinyRun.run(TinyRun.SPEC, 5, save, job -> job)));
      }
      for (Future<TrainResult> run : runs) {
        run.get();
      }
    }
    for (int i = 0; i < 3; i++) {
      assertThat(temp.resolve("run" + i).resolve(WEIGHTS))
          .hasSameBinaryContentAs(temp.resolve("alone").resolve(WEIGHTS));
    }
  }

  @Test
  void a_loss_that_is_not_finite_stops_with_the_facts_and_saves_nothing() {
    List<TrainEvent> events = new ArrayList<>();
    assertThatThrownBy(() -> TinyRun.run(
        TinyRun.SPEC.checkpoint(c -> c.outputDir(temp.resolve("out")).saveSteps(1)), 4, temp.resolve("x"),
        job -> poisoned(job).listener(events::add)))
        .isInstanceOf(TrainingException.class).hasMessageContaining("Step 3").hasMessageContaining("loss NaN")
        .hasMessageContaining("NonFinite.SKIP");
    assertThat(events.stream().filter(TrainEvent.Saved.class::isInstance)).hasSize(2);
    assertThat(temp.resolve("out/checkpoint-3")).doesNotExist();
  }

  @Test
  void a_bad_weight_is_named_and_the_last_good_checkpoint_stays() {
    Path out = temp.resolve("out");
    assertThatThrownBy(() -> TinyRun.full(TinyRun.SPEC.checkpoint(c -> c.outputDir(out).saveSteps(1)), 4, temp.resolve("x"),
        job -> job.listener(event -> {
          if (event instanceof TrainEvent.Saved saved && saved.step() == 2) {
            Parameter norm = job.weights().model().parameters().stream()
                .filter(p -> p.name().equals("model.layers.1.input_layernorm.weight")).findFirst().orElseThrow();
            float[] values = norm.value().toFloats();
            values[3] = Float.NaN;
            job.weights().model().backend().upload(MemorySegment.ofArray(values), norm.value());
          }
        }))).isInstanceOf(TrainingException.class)
        .hasMessageContaining("Step 3").hasMessageContaining("first bad weight model.layers.1.input_layernorm.weight");
    assertThat(new CheckpointStore(out, null).latest()).contains(out.resolve("checkpoint-2"));
  }

  @Test
  void a_rate_far_too_high_stops_with_a_typed_refusal_and_no_checkpoint_has_a_value_that_is_not_finite() {
    Path out = temp.resolve("out");
    TrainSpec spec = TinyRun.SPEC.optim(o -> o.learningRate(1e30)).schedule(s -> s.type("constant").warmupSteps(0))
        .checkpoint(c -> c.outputDir(out).saveSteps(1));
    List<TrainEvent> events = new ArrayList<>();
    assertThatThrownBy(() -> TinyRun.run(spec, 4, temp.resolve("x"), job -> job.listener(events::add)))
        .isInstanceOf(TrainingException.class).hasMessageContaining("Step").hasMessageContaining("finite");
    assertThat(events.getLast()).isInstanceOf(TrainEvent.Failed.class);
    new CheckpointStore(out, null).folders().forEach(folder -> {
      CheckpointStore.verify(folder);
      Oracle.tensors(folder.resolve(WEIGHTS)).forEach((name, values) -> {
        for (float value : values) {
          assertThat(value).as(name).isFinite();
        }
      });
    });
  }

  @Test
  void a_bad_step_can_be_skipped_and_is_counted() {
    List<TrainEvent> events = new ArrayList<>();
    TrainResult result = TinyRun.run(TinyRun.SPEC.nonFinite(NonFinite.SKIP), 4, temp.resolve("x"),
        job -> poisoned(job).listener(events::add));
    assertThat(result.dropped()).isEqualTo(1);
    assertThat(result.steps()).isEqualTo(4);
    assertThat(result.loss()).isFinite();
    assertThat(events).anyMatch(event -> event instanceof TrainEvent.Dropped dropped && dropped.step() == 3);
  }

  /** NaN weights in the third step. */
  private static TrainJob poisoned(TrainJob job) {
    BatchSource good = job.data();
    Batch first = good.step(2).getFirst();
    float[] weights = new float[first.ids().length];
    java.util.Arrays.fill(weights, Float.NaN);
    Batch bad = new Batch(first.ids(), first.positions(), first.cuSeqlens(), first.labels(), weights);
    List<List<Batch>> steps = List.of(good.step(0), good.step(1), List.of(bad), good.step(3));
    return new TrainJob(job.weights(), job.spec(), job.objective(), BatchSource.cycle(steps, 4, "bad"),
        job.validation(), job.listener(), job.cancellation(), job.files(), job.identity());
  }

  @Test
  void a_step_without_labels_changes_nothing_and_says_so() {
    Batch empty = Oracle.join(List.of(new int[] {3, 4, 5}), List.of(new int[] {-100, -100, -100}));
    List<TrainEvent> events = new ArrayList<>();
    try (Backend backend = Devices.cpu(); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      TrainedWeights weights = TrainedWeights.of(new LoraTransform(TinyRun.LORA, 1).attach(model), "base");
      TrainResult result = TrainJob.of(weights, TinyRun.SPEC, BatchSource.cycle(List.of(List.of(empty)), 2, "x"))
          .listener(events::add).run();
      assertThat(result.dropped()).isEqualTo(2);
      assertThat(events).anyMatch(e -> e instanceof TrainEvent.Dropped d && d.reason().contains("label"));
    }
  }

  @Test
  void a_training_cancelled_before_it_starts_takes_no_step_and_writes_no_checkpoint() {
    CancellationToken token = new CancellationToken();
    token.cancel();
    List<TrainEvent> events = new ArrayList<>();
    TrainResult result = TinyRun.run(TinyRun.SPEC, 5, temp.resolve("none"),
        job -> job.cancellation(token).listener(events::add));
    assertThat(result.cancelled()).isTrue();
    assertThat(result.steps()).isZero();
    assertThat(temp.resolve("none/checkpoint-0")).doesNotExist();
    assertThat(events).last().isInstanceOf(TrainEvent.Cancelled.class);
  }

  @Test
  void validation_data_is_run_and_the_log_has_a_line_for_every_step() throws IOException {
    Path log = temp.resolve("out/logging.jsonl");
    List<TrainEvent> events = new ArrayList<>();
    TrainResult result = TinyRun.run(TinyRun.SPEC.evalSteps(2), 5, temp.resolve("x"), job -> job
        .validation(List.of(Oracle.micro("qwen3").get(0))).listener(events::add).listener(new JsonlLog(log, 1)));
    assertThat(events.stream().filter(TrainEvent.Evaluated.class::isInstance)
        .map(e -> ((TrainEvent.Evaluated) e).step())).containsExactly(2, 4, 5);
    assertThat(events.getFirst()).isInstanceOf(TrainEvent.Started.class);
    assertThat(events.getLast()).isInstanceOf(TrainEvent.Finished.class);
    assertThat(result.evalLoss()).isBetween(1.0, 10.0);
    ObjectMapper mapper = new ObjectMapper();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(log)) {
      lines.add(mapper.readTree(line));
    }
    List<JsonNode> steps = lines.stream().filter(line -> line.has("loss")).toList();
    assertThat(steps).hasSize(5);
    assertThat(lines.stream().filter(line -> line.has("eval_loss"))).hasSize(3);
    assertThat(steps.getFirst().path("step").intValue()).isEqualTo(1);
    assertThat(steps.getFirst().path("learning_rate").doubleValue()).isZero();
    assertThat(steps.get(1).path("learning_rate").doubleValue()).isCloseTo(5e-4, within(1e-12));
    assertThat(steps.get(4).path("loss").doubleValue()).isEqualTo(result.loss());
    assertThat(steps.getFirst().path("tokens").intValue()).isPositive();
  }

  @Test
  void the_log_of_a_continued_run_drops_what_is_run_again() throws IOException {
    Path log = temp.resolve("logging.jsonl");
    Files.writeString(log, "{\"step\":1,\"loss\":3}\n{\"step\":2,\"loss\":2}\n{\"step\":3,\"lo");
    JsonlLog writer = new JsonlLog(log, 2);
    writer.accept(new TrainEvent.Started(1, 4, 1, 1, "x"));
    for (int step = 2; step <= 4; step++) {
      writer.accept(new TrainEvent.StepEnd(step, 4, step, 1, 1e-3, 1, 10, 10, 1, 1, 1));
    }
    assertThat(Files.readAllLines(log)).hasSize(3);
    assertThat(Files.readAllLines(log).getLast()).contains("\"loss\":3.5");
  }

  @Test
  void a_training_gives_all_memory_back_that_is_not_the_model_or_the_adapter() {
    try (CpuBackend backend = new CpuBackend(2);
        CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      TrainedWeights weights = TrainedWeights.of(new LoraTransform(TinyRun.LORA, 1).attach(model), "base");
      TrainJob.of(weights, TinyRun.SPEC, TinyRun.data(2)).run();
      long before = backend.bytesInUse();
      long reserved = backend.reservedBytes();
      for (int i = 0; i < 10; i++) {
        TrainJob.of(weights, TinyRun.SPEC, TinyRun.data(20)).run();
      }
      assertThat(backend.bytesInUse()).isEqualTo(before);
      assertThat(backend.reservedBytes()).isLessThanOrEqualTo(reserved + (8L << 20));
    }
  }

  @Test
  void steps_are_counted_as_the_hf_trainer_does() {
    BatchSpec spec = BatchSpec.DEFAULT.perDevice(2).accumulation(2);
    assertThat(spec.stepsPerEpoch(20)).isEqualTo(5);
    assertThat(spec.stepsPerEpoch(21)).isEqualTo(6);
    assertThat(spec.epochs(2).totalSteps(20)).isEqualTo(10);
    assertThat(spec.maxSteps(7).totalSteps(20)).isEqualTo(7);
    assertThat(BatchSpec.DEFAULT.perDevice(3).microBatches()).isEqualTo(6);
  }
}
