package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.train.optimizer.GaLoreSpec;
import io.swiftjvm.train.optimizer.OptimSpec;
import io.swiftjvm.train.optimizer.Optimizer;
import io.swiftjvm.train.optimizer.ParamGroup;
import io.swiftjvm.train.optimizer.RuleOptimizer;
import io.swiftjvm.train.optimizer.rule.AdamW;
import io.swiftjvm.train.optimizer.rule.Basis;
import io.swiftjvm.train.optimizer.rule.GaLore;
import io.swiftjvm.train.optimizer.rule.GroupCodes;
import io.swiftjvm.train.optimizer.rule.LazyGap;
import io.swiftjvm.train.optimizer.rule.Projection;
import io.swiftjvm.train.optimizer.rule.Projector;
import io.swiftjvm.train.optimizer.rule.Rule;
import io.swiftjvm.train.optimizer.rule.SubspaceBasis;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GaLoreTest {
  // A singular vector is unique up to its sign. Bit 3 n + i: LAPACK turned vector i at decomposition n + 1, seen from
  // the first decomposition and with the largest entry of every right vector made positive.
  private static final Map<String, Integer> TURNED = Map.of("tall", 0b100110, "wide", 0b110111);

  @Test
  void state_and_projected_gradient_at_a_rank_of_15_percent_take_at_most_30_percent_of_adamw() {
    for (long[] shape : new long[][] {{256, 256}, {256, 768}, {768, 256}, {320, 1024}}) {
      int rank = (int) (0.15 * Math.min(shape[0], shape[1]));
      try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
        Parameter matrix = new Parameter("model.layers.0.mlp.up_proj.weight", scope.floats(shape));
        matrix.trainable(true);
        ParamGroup group = new ParamGroup("matrices", List.of(matrix), 1, 0);
        long galore = bytes(backend, OptimSpec.DEFAULT.galore(GaLoreSpec.DEFAULT.rank(rank)), group)
            + 4L * rank * Math.max(shape[0], shape[1]);
        long adamw = bytes(backend, OptimSpec.DEFAULT, group);
        assertThat(adamw).isEqualTo(8 * shape[0] * shape[1] + 4); // and the count of its updates
        assertThat(galore).as(Arrays.toString(shape)).isLessThanOrEqualTo(adamw * 30 / 100);
      }
    }
  }

  private static long bytes(Backend backend, OptimSpec spec, ParamGroup group) {
    try (RuleOptimizer optimizer = RuleOptimizer.of(backend, spec, List.of(group))) {
      return optimizer.state().values().stream().mapToLong(tensor -> tensor.bytes()).sum();
    }
  }

  @ParameterizedTest
  @CsvSource({"tall, STD", "tall, REVERSE_STD", "tall, LEFT", "tall, RIGHT", "tall, FULL", "wide, STD",
      "wide, REVERSE_STD", "wide, LEFT", "wide, RIGHT", "wide, FULL"})
  void seven_steps_with_three_decompositions_are_those_of_ms_swift(String shape, Projection projection) {
    Map<String, float[]> golden = Oracle.tensors(Oracle.path("training/optimizers.safetensors"));
    int rows = shape.equals("tall") ? 12 : 6;
    int columns = shape.equals("tall") ? 7 : 14;
    AdamW adam = new AdamW(0.9, 0.999, 1e-6);
    Basis basis = turned(new SubspaceBasis(), Objects.requireNonNull(TURNED.get(shape)));
    GaLore rule = new GaLore(0.25, new Projector(projection, 3, 3, basis, null, null), adam::uncorrected);
    int size = rows * columns;
    float[] gradients = golden.get("galore." + shape + ".grads");
    float[] after = run(golden.get("galore." + shape + ".p0"), rows, columns, rule, 7,
        step -> Arrays.copyOfRange(gradients, step * size, (step + 1) * size));
    // The gradient between both sides of its own vectors is diagonal; beside the diagonal is rounding, which Adam makes
    // as large as anything else.
    assertThat(Oracle.worst(after, golden.get("galore." + shape + "." + projection + ".after7")))
        .isLessThan(projection == Projection.FULL ? 1e-4 : 1e-5);
  }

  private static Basis turned(Basis real, int bits) {
    int[] calls = new int[1];
    return (g, rows, columns, rank) -> {
      Basis.Vectors v = real.of(g, rows, columns, rank);
      int before = calls[0]++;
      for (int i = 0; i < rank; i++) {
        float largest = 0;
        for (int j = 0; j < columns; j++) {
          float x = v.right()[i * columns + j];
          largest = Math.abs(x) > Math.abs(largest) ? x : largest;
        }
        boolean turn = before > 0 && (bits >> ((before - 1) * 3 + i) & 1) == 1;
        float sign = Math.signum(largest) * (turn ? -1 : 1);
        for (int j = 0; j < columns; j++) {
          v.right()[i * columns + j] *= sign;
        }
        for (int j = 0; j < rows; j++) {
          v.left()[j * rank + i] *= sign;
        }
      }
      return v;
    };
  }

  /** The parameter after some steps at rate 0.01 and decay 0.05. */
  private static float[] run(
      float[] start, int rows, int columns, Rule rule, int steps, IntFunction<float[]> gradients) {
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      Parameter parameter = new Parameter("p", scope.floats(start, rows, columns));
      parameter.trainable(true);
      try (Optimizer optimizer =
          new RuleOptimizer(backend, List.of(new ParamGroup("all", List.of(parameter), 1, 0.05)), p -> rule)) {
        for (int step = 0; step < steps; step++) {
          OptimizersTest.step(backend, optimizer, parameter, gradients.apply(step), 1e-2);
        }
        return parameter.value().toFloats();
      }
    }
  }

  private static float[] random(int seed, int count) {
    Random random = new Random(seed);
    float[] out = new float[count];
    for (int i = 0; i < count; i++) {
      out[i] = (float) random.nextGaussian();
    }
    return out;
  }

  @Test
  void vectors_of_a_large_low_rank_matrix_span_it() {
    int n = 200;
    float[] b = random(1, n * 5);
    float[] a = random(2, 5 * n);
    float[] g = new float[n * n];
    for (int i = 0; i < n * n; i++) {
      for (int k = 0; k < 5; k++) {
        g[i] += b[i / n * 5 + k] * a[k * n + i % n];
      }
    }
    Basis.Vectors v = new SubspaceBasis().of(g, n, n, 6);
    double worst = 0;
    for (int i = 0; i < n; i++) {
      float[] low = new float[6];
      for (int k = 0; k < 6; k++) {
        for (int j = 0; j < n; j++) {
          low[k] += g[i * n + j] * v.right()[k * n + j];
        }
      }
      for (int j = 0; j < n; j++) {
        double back = 0;
        for (int k = 0; k < 6; k++) {
          back += low[k] * v.right()[k * n + j];
        }
        worst = Math.max(worst, Math.abs(back - g[i * n + j]));
      }
    }
    assertThat(worst).isLessThan(1e-4);
  }

  @Test
  void packed_vectors_and_byte_moments_stay_near_galore() {
    int rows = 96;
    int columns = 64;
    float[] start = random(3, rows * columns);
    OptimSpec spec = OptimSpec.DEFAULT.epsilon(1e-6);
    IntFunction<float[]> gradients = step -> random(10 + step, rows * columns);
    GaLoreSpec galore = GaLoreSpec.DEFAULT.rank(48).updateGap(4);
    float[] exact = run(start, rows, columns, rule(spec.galore(galore)), 6, gradients);
    float[] packed = run(start, rows, columns, rule(spec.galore(galore.quantized(true).packed(true))), 6, gradients);
    double moved = Oracle.worst(exact, start);
    assertThat(Oracle.worst(packed, exact)).isPositive().isLessThan(0.5 * moved);
  }

  private static Rule rule(OptimSpec spec) {
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      return spec.rule(new Parameter("mlp.weight", scope.floats(2, 2)));
    }
  }

  @Test
  void the_gap_grows_while_the_leading_vector_stays_alike() {
    int[] calls = new int[1];
    Basis same = (g, rows, columns, rank) -> {
      calls[0]++;
      return new SubspaceBasis().of(g, rows, columns, rank);
    };
    GaLore rule = new GaLore(1, new Projector(Projection.STD, 2, 1, same, new GroupCodes(256), new LazyGap(0.4, 2, 2)),
        step -> new AdamW(0.9, 0.95, 1e-8));
    float[] g = random(5, 48);
    run(random(4, 48), 8, 6, rule, 16, step -> g.clone());
    // Steps 1 2 3 with gap 1, then 2: 5, then 4: 9, then 8: none until 17.
    assertThat(calls[0]).isEqualTo(5);
  }

  @Test
  void only_matrices_within_the_model_are_projected_and_only_with_adamw() {
    OptimSpec spec = OptimSpec.DEFAULT.galore(GaLoreSpec.DEFAULT);
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      assertThat(spec.rule(new Parameter("model.layers.0.mlp.up_proj.weight", scope.floats(4, 4))))
          .isInstanceOf(GaLore.class);
      assertThat(spec.rule(new Parameter("model.embed_tokens.weight", scope.floats(4, 4)))).isInstanceOf(AdamW.class);
      assertThat(spec.rule(new Parameter("model.norm.weight", scope.floats(4)))).isInstanceOf(AdamW.class);
    }
    assertThatThrownBy(() -> spec.type("sgd")).isInstanceOf(InvalidPlanException.class).hasMessageContaining("GaLore");
    assertThatThrownBy(() -> GaLoreSpec.DEFAULT.rank(0)).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("galore_rank");
  }
}
