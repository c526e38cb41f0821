package io.swiftjvm.parallel;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.TrainJob;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.train.optimizer.GaLoreSpec;
import io.swiftjvm.train.optimizer.OptimSpec;
import io.swiftjvm.tuner.LoraInit;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.ShiftedAttention;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The estimate against two real training steps. Measured is the most that the backend's pool has lent out, with blocks
 * rounded up to their classes; estimated is {@link MemoryEstimate#pool}, everything but the mapped file and the slack.
 */
class MeasuredPlansTest {
  @TempDir
  static Path temp;

  private static final RandomModel SMALL = new RandomModel(128, 6, 4, 384, 1000);
  private static final RandomModel WIDE = new RandomModel(320, 3, 8, 800, 3000);
  private static final RandomModel DEEP = new RandomModel(192, 10, 6, 500, 2000);

  private static final RandomModel LLAMA = new RandomModel(true, 256, 5, 8, 640, 1500);

  private record Plan(String name, RandomModel model, MemoryRequest request, int rows) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Plan> plans() {
    LoraSpec lora = LoraSpec.DEFAULT;
    return Stream.of(
        new Plan("small lora, kept", SMALL, MemoryRequest.train(lora, 512), 4),
        new Plan("wide lora, recomputed, half the labels", WIDE,
            MemoryRequest.train(lora.dropout(0).rank(16), 640).recompute(Recompute.FULL).labelled(300), 2),
        new Plan("deep lora, one long row", DEEP, MemoryRequest.train(lora.dropout(0).targets("q_proj", "v_proj"),
            1500), 1),
        new Plan("small lora, half recomputed", SMALL, MemoryRequest.train(lora, 512).recompute(Recompute.SELECTIVE), 4),
        new Plan("llama lora, half recomputed", LLAMA,
            MemoryRequest.train(lora.dropout(0), 700).recompute(Recompute.SELECTIVE), 2),
        new Plan("deep full, half recomputed", DEEP, MemoryRequest.train(400).recompute(Recompute.SELECTIVE), 2),
        new Plan("wide loftq, kept", WIDE,
            MemoryRequest.train(lora.init(LoraInit.LOFTQ), 400).packed(DType.NF4), 2),
        new Plan("llama in groups, kept", LLAMA,
            MemoryRequest.train(lora.dropout(0).attention(new ShiftedAttention(0.25, 256)), 512), 2),
        new Plan("small full, adamw", SMALL, MemoryRequest.train(300), 3),
        new Plan("wide full, recomputed, two micro-batches", WIDE,
            MemoryRequest.train(400).recompute(Recompute.FULL).microBatches(2), 4),
        new Plan("deep full, sgd", DEEP, MemoryRequest.train(256).optim(OptimSpec.DEFAULT.type("sgd")), 2),
        new Plan("wide full, 8-bit adamw", WIDE, MemoryRequest.train(333).optim(OptimSpec.DEFAULT.type("adamw_8bit")), 3),
        new Plan("deep full, galore, recomputed", DEEP, MemoryRequest.train(700).recompute(Recompute.FULL)
            .optim(OptimSpec.DEFAULT.galore(GaLoreSpec.DEFAULT.rank(16))), 5),
        new Plan("wide full, adafactor, short", WIDE, MemoryRequest.train(64).optim(OptimSpec.DEFAULT.type("adafactor")), 1));
  }

  private static Batch batch(MemoryRequest request, int rows, int vocabulary, long seed) {
    int n = Math.toIntExact(request.tokens());
    int[] ids = new Random(seed).ints(n, 0, vocabulary).toArray();
    int[] positions = new int[n];
    int[] labels = new int[n];
    int[] starts = new int[rows + 1];
    for (int row = 0; row < rows; row++) {
      starts[row + 1] = n * (row + 1) / rows;
      for (int i = starts[row]; i < starts[row + 1]; i++) {
        positions[i] = i - starts[row];
        labels[i] = i < request.labelled() ? ids[(i + 1) % n] : -100;
      }
    }
    return new Batch(ids, positions, starts, labels, null);
  }

  private static long measured(Path folder, Plan plan) {
    MemoryRequest request = plan.request;
    TrainSpec spec = TrainSpec.DEFAULT.optim(o -> request.optim().learningRate(1e-5))
        .gradientCheckpointing(request.recompute() != Recompute.NONE);
    if (request.recompute() != Recompute.NONE) {
      spec = spec.granularity(request.recompute());
    }
    try (CpuBackend backend = new CpuBackend(2); CausalLm model = CausalLm.load(folder, backend)) {
      TrainedWeights weights = TrainedWeights.fresh(model, Objects.requireNonNull(request.tuning()), 1, "base");
      List<Batch> step = new ArrayList<>();
      for (int i = 0; i < request.microBatches(); i++) {
        step.add(batch(request, plan.rows, plan.model.vocabulary(), i));
      }
      TrainJob.of(weights, spec, BatchSource.cycle(List.of(step), 2, "")).run();
      return backend.peakBytes();
    }
  }

  @ParameterizedTest
  @MethodSource("plans")
  void the_estimate_is_at_most_a_tenth_above_and_three_hundredths_below_the_measured_peak(Plan plan) throws IOException {
    Path folder = plan.model.write(temp.resolve(plan.name));
    long measured = measured(folder, plan);
    MemoryEstimate estimate = MemoryEstimator.estimate(ModelSizes.of(folder), plan.request);
    assertThat(estimate.pool() / (double) measured).as(plan + ", measured " + measured + "\n" + estimate)
        .isBetween(0.97, 1.10);
  }
}
