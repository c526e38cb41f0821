package io.swiftjvm.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.autograd.FusedLoss;
import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.error.DeviceException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.train.optimizer.GaLoreSpec;
import io.swiftjvm.train.optimizer.OptimSpec;
import io.swiftjvm.train.optimizer.ParamGroups;
import io.swiftjvm.train.optimizer.RuleOptimizer;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTransform;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryEstimatorTest {
  private static final int ROWS = 8;
  private static final int LENGTH = 128;
  private static final int TOKENS = ROWS * LENGTH;

  static Stream<MemoryRequest> trainings() {
    LoraSpec some = LoraSpec.DEFAULT.dropout(0).rank(4).targets("q_proj", "v_proj", "down_proj");
    return Stream.of(MemoryRequest.train(TOKENS), MemoryRequest.train(some, TOKENS),
            MemoryRequest.train(LoraSpec.DEFAULT, TOKENS), MemoryRequest.train(some, TOKENS).labelled(64),
            MemoryRequest.train(TOKENS).labelled(100))
        .flatMap(request -> Stream.of(Recompute.values()).map(request::recompute));
  }

  /** Peak of the pool over one step. */
  private static long measured(Path folder, MemoryRequest request) {
    try (CpuBackend backend = new CpuBackend(2); CausalLm model = CausalLm.load(folder, backend)) {
      TrainedWeights.fresh(model, Objects.requireNonNull(request.tuning()), 1, "base");
      int[] ids = new Random(1).ints(TOKENS, 0, model.config().vocabSize()).toArray();
      int[] positions = new int[TOKENS];
      int[] labels = new int[TOKENS];
      int[] starts = new int[ROWS + 1];
      for (int i = 0; i < TOKENS; i++) {
        positions[i] = i % LENGTH;
        labels[i] = i < request.labelled() ? ids[(i + 1) % TOKENS] : -100;
        starts[i / LENGTH + 1] = (i / LENGTH + 1) * LENGTH;
      }
      try (RuleOptimizer optimizer = RuleOptimizer.of(backend, request.optim(),
          ParamGroups.of(model.parameters().stream().filter(p -> p.trainable()).toList(), request.optim(), null));
          Gradients gradients = new Gradients(backend)) {
        try (Scope scope = new Scope(backend); Tape tape = new Tape(backend)) {
          Pass pass = new Pass(new Ops(backend, tape, scope), AttentionContext.packed(starts), List.of("default"), 7,
              request.recompute());
          Tensor hidden = model.hidden(pass, scope.ints(ids), positions);
          FusedLoss.Loss loss = model.loss(pass, hidden, labels, null, request.labelled());
          tape.backward(loss.loss(), scope.floats(new float[] {1}, 1), gradients);
        }
        optimizer.step(gradients, 1e-4, 1);
      }
      return backend.peakBytes();
    }
  }

  @ParameterizedTest
  @MethodSource("trainings")
  void the_estimate_of_a_training_step_is_within_a_tenth_of_the_measured_peak(MemoryRequest request) {
    for (String name : List.of("qwen3", "llama3")) {
      Path folder = OracleFiles.path("models/" + name);
      MemoryEstimate estimate = MemoryEstimator.estimate(ModelSizes.of(folder), request);
      double ratio = estimate.pool() / (double) measured(folder, request);
      assertThat(ratio).as(name + " " + request + "\n" + estimate).isCloseTo(1, within(0.1));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"adamw", "sgd", "adamw_amsgrad", "adafactor", "muon", "adamw_8bit", "galore"})
  void the_state_of_an_optimizer_is_counted_but_for_norms(String name) {
    OptimSpec optim = name.equals("galore") ? OptimSpec.DEFAULT.galore(GaLoreSpec.DEFAULT.rank(8).packed(true))
        : OptimSpec.DEFAULT.type(name);
    Path folder = OracleFiles.path("models/qwen3-untied-sharded");
    long estimated =
        MemoryEstimator.estimate(ModelSizes.of(folder), MemoryRequest.train(8).optim(optim)).optimizer();
    try (CpuBackend backend = new CpuBackend(1); CausalLm model = CausalLm.load(folder, backend)) {
      model.trainFull();
      try (RuleOptimizer optimizer =
          RuleOptimizer.of(backend, optim, ParamGroups.of(model.parameters(), optim, null))) {
        long kept = optimizer.state().values().stream().mapToLong(t -> t.bytes()).sum();
        // Norms count as part of the tables.
        assertThat(estimated).isCloseTo(kept, within(kept / 50 + 4096));
      }
    }
  }

  @Test
  void sizes_come_from_the_headers() {
    ModelSizes sizes = ModelSizes.of(OracleFiles.path("models/qwen3-untied-sharded"));
    try (CpuBackend backend = new CpuBackend(1);
        CausalLm model = CausalLm.load(OracleFiles.path("models/qwen3-untied-sharded"), backend)) {
      assertThat(sizes.parameters()).isEqualTo(model.parameters().stream().mapToLong(p -> p.value().size()).sum());
      assertThat(sizes.storedBytes()).isEqualTo(4 * sizes.parameters());
      new LoraTransform(LoraSpec.DEFAULT, 1).apply(model);
      assertThat(LoraSpec.DEFAULT.trained(sizes.model()).values().stream().mapToLong(ModelShapes::values).sum())
          .isEqualTo(model.parameters().stream().mapToLong(p -> p.value().size()).sum() - sizes.parameters());
    }
  }

  @Test
  void the_table_has_a_line_for_each_purpose_and_the_sum() {
    MemoryEstimate estimate =
        MemoryEstimator.estimate(ModelSizes.of(OracleFiles.path("models/qwen3")), MemoryRequest.generate(4, 100));
    assertThat(estimate.cache()).isEqualTo(2L * 4 * 128 * 3 * 2 * 16 * 4);
    assertThat(estimate.toString().lines()).hasSize(10).allSatisfy(line -> assertThat(line).contains("iB"));
    assertThat(MemoryEstimate.show(3L << 30)).isEqualTo("3.00 GiB");
  }

  @Test
  void more_than_one_device_is_refused() {
    assertThatThrownBy(() -> new ParallelSpec(2, 1, 1)).isInstanceOf(DeviceException.class)
        .hasMessageContaining("one CPU device in this version");
    assertThatThrownBy(() -> new ParallelSpec(1, 0, 1)).isInstanceOf(InvalidPlanException.class);
    assertThatThrownBy(() -> MemoryRequest.train(0)).isInstanceOf(InvalidPlanException.class);
  }
}
