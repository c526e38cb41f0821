package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.cuda.CudaBackend;
import io.swiftjvm.backend.cuda.FakeCuda;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.LoadOptions;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTransform;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** LoRA beside bf16 weights with products and attention on tensor cores, on the emulator. */
class TensorCoreTrainingTest {
  private static final int STEPS = 4;

  /** Two rows, long enough for attention on tensor cores. */
  private static Batch batch() {
    Random random = new Random(2);
    int n = 90;
    int[] ids = random.ints(n, 3, 100).toArray();
    int[] starts = {0, 37, n};
    int[] positions = IntStream.range(0, n).map(i -> i < 37 ? i : i - 37).toArray();
    int[] labels = IntStream.range(0, n).map(i -> i == 36 || i == n - 1 ? -100 : ids[i + 1]).toArray();
    return new Batch(ids, positions, starts, labels, null, List.of());
  }

  private static List<Double> losses(UnaryOperator<CudaBackend> change) {
    List<Double> losses = new ArrayList<>();
    try (CudaBackend cuda = change.apply(FakeCuda.open());
        CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), cuda, new LoadOptions(DType.BF16))) {
      TrainedWeights weights =
          TrainedWeights.of(new LoraTransform(LoraSpec.DEFAULT.rank(4).dropout(0), 7).attach(model), "base");
      BatchSource data = BatchSource.cycle(List.of(List.of(batch())), STEPS, "one batch");
      TrainJob.of(weights, TrainSpec.DEFAULT.optim(o -> o.learningRate(5e-3)), data).listener(event -> {
        if (event instanceof TrainEvent.StepEnd end) {
          losses.add(end.loss());
          losses.add(end.gradNorm());
        }
      }).run();
      assertThat(cuda.fallbacks().counts()).isEmpty();
    }
    return losses;
  }

  @Test
  void losses_and_gradients_stay_near_those_of_float32_and_are_the_same_every_time() {
    List<Double> exact = losses(cuda -> cuda.exact(true));
    List<Double> rounded = losses(cuda -> cuda);
    assertThat(exact).hasSize(2 * STEPS);
    assertThat(rounded).isEqualTo(losses(cuda -> cuda)).isNotEqualTo(exact);
    near(rounded, exact, 1e-2);
    System.setProperty("swift.cublas.path", FakeCuda.file().toString());
    try {
      // Sums in another order round to the other neighbour now and then.
      near(losses(cuda -> cuda.cublas(true)), rounded, 5e-3);
    } finally {
      System.clearProperty("swift.cublas.path");
    }
  }

  private static void near(List<Double> found, List<Double> expected, double tolerance) {
    for (int i = 0; i < expected.size(); i++) {
      assertThat(found.get(i)).as("loss or norm %s", i).isCloseTo(expected.get(i), within(tolerance * expected.get(i)));
    }
  }
}
