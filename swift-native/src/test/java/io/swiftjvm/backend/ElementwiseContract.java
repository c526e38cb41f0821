package io.swiftjvm.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies, casts, elementwise functions, reductions and gathers of a backend against the reference. */
public interface ElementwiseContract extends Contract {
  float[] SPECIAL = {
      0f, -0f, 1e-8f, -1e-8f, 0.1f, -0.3f, 0.34f, 0.35f, 1f, -1f, 3f, -5f, 9f, -20f, 80f, 88.7f, 100f, -87f, -100f,
      -110f, 1e30f, -1e30f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN};

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 15, 16, 17, 33, 63, 65, 207, 1000, 4098})
  default void binary_functions_agree_for_all_shapes_of_the_second_argument(int n) {
    for (Binary op : Binary.values()) {
      check(1e-6, (backend, scope, random) -> {
        Tensor a = Agreement.random(scope, random, 5, n);
        List<Tensor> results = new ArrayList<>();
        for (long[] shape : new long[][] {{5, n}, {n}, {5, 1}, {1}}) {
          Tensor out = scope.floats(5, n);
          Tensor b = Agreement.random(scope, random, shape);
          backend.unary(Unary.EXP, b, b);
          backend.binary(op, a, b, out);
          results.add(out);
        }
        return results;
      });
    }
  }

  @ParameterizedTest
  @EnumSource(Unary.class)
  default void unary_functions_agree_over_the_whole_range(Unary op) {
    for (float x : SPECIAL) {
      check(4e-7, op == Unary.GELU_TANH ? 1 : 0, (backend, scope, random) -> {
        float[] some = new float[19];
        Arrays.fill(some, x);
        Tensor out = scope.floats(19);
        backend.unary(op, scope.floats(some, 19), out);
        return List.of(out);
      });
    }
    check(1e-6, (backend, scope, random) -> {
      Tensor x = Agreement.random(scope, random, 3, 1001);
      if (op == Unary.LOG || op == Unary.SQRT || op == Unary.RSQRT) {
        backend.unary(Unary.EXP, x, x);
      }
      backend.unary(op, x, x);
      return List.of(x);
    });
  }

  @ParameterizedTest
  @EnumSource(value = Unary.class, names = {"RELU", "SIGMOID", "TANH", "SILU", "GELU", "GELU_TANH"})
  default void gradients_of_activations_and_gates_agree(Unary op) {
    for (int n : new int[] {1, 16, 77, 1000}) {
      check(1e-6, (backend, scope, random) -> {
        Tensor gate = Agreement.random(scope, random, n);
        Tensor up = Agreement.random(scope, random, n);
        Tensor dy = Agreement.random(scope, random, n);
        Tensor dx = scope.floats(n);
        Tensor y = scope.floats(n);
        Tensor dgate = scope.floats(n);
        Tensor dup = scope.floats(n);
        backend.unaryBackward(op, gate, dy, dx);
        backend.gated(op, gate, up, y);
        backend.gatedBackward(op, gate, up, dy, dgate, dup);
        return List.of(dx, y, dgate, dup);
      });
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 16, 17, 33, 63, 65, 207, 1000, 4098})
  default void reductions_and_softmax_agree(int n) {
    check(2e-6, (backend, scope, random) -> {
      Tensor x = Agreement.random(scope, random, 3f, 70, n);
      Tensor sum = scope.floats(70);
      Tensor max = scope.floats(70);
      Tensor columns = Agreement.random(scope, random, n);
      Tensor fresh = scope.floats(n);
      Tensor soft = scope.floats(70, n);
      backend.reduceColumns(Reduction.SUM, x, sum);
      backend.reduceColumns(Reduction.MAX, x, max);
      backend.sumRows(x, columns, 0.5f);
      backend.sumRows(x, fresh, 0);
      backend.softmax(x, soft);
      return List.of(sum, max, columns, fresh, soft);
    });
  }

  @ParameterizedTest
  @EnumSource(names = {"F8_E4M3", "F8_E5M2"})
  default void every_number_of_8_bits_is_widened_and_every_middle_between_two_rounded_to_the_same_bits(DType type) {
    check(0, (backend, scope, random) -> {
      byte[] codes = new byte[256];
      for (int i = 0; i < 256; i++) {
        codes[i] = (byte) i;
      }
      Tensor narrow = scope.tensor(type, 256);
      backend.upload(MemorySegment.ofArray(codes), narrow);
      Tensor wide = scope.floats(256);
      backend.cast(narrow, wide);
      Tensor half = scope.tensor(DType.BF16, 256);
      backend.cast(narrow, half);
      Tensor middle = scope.floats(255);
      backend.binary(Binary.ADD, wide.slice(0, 255), wide.slice(1, 255), middle);
      backend.scale(middle, 0.5f, middle);
      Tensor rounded = scope.tensor(type, 255);
      Tensor back = scope.floats(255);
      backend.cast(middle, rounded);
      backend.cast(rounded, back);
      Tensor some = scope.tensor(type, 4000);
      Tensor random4 = Agreement.random(scope, random, 100f, 4000);
      backend.cast(random4, some);
      backend.cast(some, random4);
      backend.cast(half, narrow);
      backend.cast(narrow, wide);
      return List.of(wide, back, random4);
    });
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16", "F16"})
  default void casts_gathers_and_slices_are_exact(DType type) {
    check(0, (backend, scope, random) -> {
      Tensor x = Agreement.random(scope, random, 9, 35);
      backend.copy(scope.floats(SPECIAL, SPECIAL.length), x.view(315).slice(3, SPECIAL.length));
      Tensor tiny = scope.floats(315);
      backend.scale(x.view(315), 3e-6f, tiny);
      Tensor back = scope.floats(9, 35);
      Tensor backTiny = scope.floats(9, 35);
      Tensor table = scope.tensor(type, 9, 35);
      backend.cast(tiny, table);
      backend.cast(table, backTiny);
      backend.cast(x, table);
      backend.cast(table, back);
      Tensor rows = scope.floats(4, 35);
      backend.gatherRows(table, scope.ints(8, 0, 3, 3), rows);
      Tensor slice = scope.floats(9, 17);
      backend.sliceColumns(x, 18, slice);
      Tensor wide = scope.floats(9, 40);
      backend.fill(wide, 7);
      backend.pasteColumns(slice, wide, 21);
      return List.of(back, backTiny, rows, slice, wide);
    });
  }

  @Test
  default void scattered_rows_add_up_and_negative_ids_are_skipped() {
    check(1e-6, (backend, scope, random) -> {
      Tensor table = Agreement.random(scope, random, 5, 70);
      backend.scatterAddRows(Agreement.random(scope, random, 4, 70), scope.ints(2, -1, 2, 4), table);
      return List.of(table);
    });
  }

  @Test
  default void dropout_is_a_function_of_key_and_index_and_keeps_the_mean() {
    check(1e-7, (backend, scope, random) -> {
      Tensor x = scope.floats(100_000);
      backend.fill(x, 1);
      Tensor y = scope.floats(100_000);
      Tensor z = scope.floats(100_000);
      backend.dropout(x, 0.3f, 5, y);
      backend.dropout(x, 0.3f, 6, z);
      assertThat(y.toFloats()).isNotEqualTo(z.toFloats());
      double kept = backend.sumSquares(y) * 0.7 * 0.7;
      assertThat(kept).isBetween(69_300.0, 70_700.0);
      return List.of(y, z);
    });
  }

  @Test
  default void sums_of_squares_are_double_and_not_finite_is_found_anywhere() {
    backends().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        Tensor x = scope.floats(200_003);
        backend.fill(x, 0.1f);
        assertThat(backend.sumSquares(x)).isCloseTo(200_003 * (double) 0.1f * 0.1f,
            within(1e-7));
        assertThat(backend.isFinite(x)).isTrue();
        for (long at : new long[] {0, 77, 200_002}) {
          poison(backend, x, at, Float.NaN);
          assertThat(backend.isFinite(x)).isFalse();
          poison(backend, x, at, Float.NEGATIVE_INFINITY);
          assertThat(backend.isFinite(x)).isFalse();
          poison(backend, x, at, 0);
          assertThat(backend.isFinite(x)).isTrue();
        }
      }
    });
  }

  private static void poison(Backend backend, Tensor x, long at, float value) {
    backend.fill(x.slice(at, 1), value);
  }

  @Test
  default void adam_steps_agree_and_follow_the_formula() {
    AdamStep step = new AdamStep(0.01f, 0.9f, 0.999f, 1e-8f, 0.1f, 1 - 0.9, 1 - 0.999, 0.5f);
    check(1e-6, (backend, scope, random) -> {
      Tensor p = Agreement.random(scope, random, 103);
      Tensor g = Agreement.random(scope, random, 103);
      Tensor m = scope.floats(103);
      Tensor v = scope.floats(103);
      backend.fill(m, 0);
      backend.fill(v, 0);
      float before = p.get(5);
      backend.adamW(p, g, m, v, step);
      assertThat((double) p.get(5)).isCloseTo(
          before * (1 - 0.001) - 0.01 * Math.signum(g.get(5)), within(3e-7));
      backend.adamW(p, g, m, v, step);
      return List.of(p, m, v);
    });
  }
}
