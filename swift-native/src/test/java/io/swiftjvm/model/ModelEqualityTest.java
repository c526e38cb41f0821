package io.swiftjvm.model;

import static io.swiftjvm.model.Golden.maxAbs;
import static io.swiftjvm.model.Golden.maxDifference;
import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.nn.Recompute;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same gradients whatever the packing, the recomputation and the number of threads. */
class ModelEqualityTest {
  private static ModelRuns.Learnt learn(String name, int threads, Recompute recompute, boolean rowByRow) {
    try (Backend backend = Devices.cpu(threads);
        Golden golden = Golden.of(name);
        CausalLm model = CausalLm.load(golden.folder(), backend)) {
      model.trainFull();
      FlatRows rows = golden.rows("pad_right");
      int[] labels = rows.shiftedLabels(golden.ints("loss.labels"));
      double divisor = Arrays.stream(labels).filter(l -> l != -100).count();
      return rowByRow ? ModelRuns.learnRowByRow(model, rows, labels, divisor)
          : ModelRuns.learn(model, rows, labels, divisor, recompute);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "qwen2", "llama3", "mistral-sliding"})
  void packed_and_unpacked_gradients_are_equal(String name) {
    ModelRuns.Learnt packed = learn(name, 2, Recompute.NONE, false);
    ModelRuns.Learnt alone = learn(name, 2, Recompute.NONE, true);
    assertThat(alone.gradients().keySet()).isEqualTo(packed.gradients().keySet());
    packed.gradients().forEach((parameter, gradient) -> assertThat(
        maxDifference(gradient, alone.gradients().get(parameter)) / maxAbs(gradient)).as(parameter).isLessThan(1e-5));
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "qwen2", "mistral-sliding"})
  void recomputed_gradients_have_the_same_bits(String name) {
    ModelRuns.Learnt plain = learn(name, 2, Recompute.NONE, false);
    for (Recompute recompute : List.of(Recompute.SELECTIVE, Recompute.FULL)) {
      ModelRuns.Learnt recomputed = learn(name, 2, recompute, false);
      assertThat(recomputed.loss()).isEqualTo(plain.loss());
      assertThat(recomputed.gradients()).hasSameSizeAs(plain.gradients());
      plain.gradients().forEach((p, g) -> assertThat(recomputed.gradients().get(p)).as(p).isEqualTo(g));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "llama3"})
  void one_and_two_threads_give_the_same_bits(String name) {
    ModelRuns.Learnt one = learn(name, 1, Recompute.NONE, false);
    ModelRuns.Learnt two = learn(name, 2, Recompute.NONE, false);
    assertThat(two.loss()).isEqualTo(one.loss());
    one.gradients().forEach((p, g) -> assertThat(two.gradients().get(p)).as(p).isEqualTo(g));
  }
}
