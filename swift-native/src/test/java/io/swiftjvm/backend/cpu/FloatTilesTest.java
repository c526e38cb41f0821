package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.swiftjvm.backend.Agreement;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Products of floats of more rows than wait for memory; where there are no tiles, level 3 is level 2 and agrees with itself. */
class FloatTilesTest {
  private static final int TILES = 3;

  @BeforeEach
  void there_is_a_library() {
    assumeTrue(NativeLibrary.found().symbols() != null);
  }

  @AfterEach
  void the_best_instruction_set_is_chosen_again() {
    NativeKernels.load();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = {"F32", "BF16", "F16"})
  void sums_by_tiles_are_as_close_to_those_in_double_precision_as_sums_in_order(DType type) {
    for (int[] size : new int[][] {{17, 63, 64}, {40, 130, 1088}, {63, 17, 4096}, {100, 65, 2112}}) {
      double plain = error(2, type, size[0], size[1], size[2]);
      double tiles = error(TILES, type, size[0], size[1], size[2]);
      assertThat(tiles).as("%s, %d rows, %d by %d", type, size[0], size[1], size[2]).isLessThanOrEqualTo(plain * 1.02);
      assertThat(tiles).isLessThan(1e-6);
    }
  }

  /** The root mean square of what x w^T, x^T x and y w are off, as a part of that of the results. */
  private static double error(int level, DType type, int m, int n, int k) {
    try (Backend b = new CpuBackend(1, NativeKernels.load(level)); Scope scope = new Scope(b)) {
      Random random = new Random(m);
      Tensor x = Agreement.random(scope, random, m, k);
      Tensor w = scope.tensor(type, n, k);
      Tensor wide = Agreement.random(scope, random, n, k);
      b.cast(wide, w);
      b.cast(w, wide);
      Tensor y = scope.floats(m, n);
      b.matmul(x, false, w, true, y, 1, 0);
      Tensor back = scope.floats(m, k);
      b.matmul(y, false, w, false, back, 1, 0);
      Tensor dw = scope.floats(n, k);
      b.matmul(y, true, x, false, dw, 1, 0);
      float[] xs = x.toFloats();
      float[] ws = wide.toFloats();
      float[] ys = y.toFloats();
      return off(ys, m, n, k, (i, j, p) -> (double) xs[i * k + p] * ws[j * k + p])
          + off(back.toFloats(), m, k, n, (i, j, p) -> (double) ys[i * n + p] * ws[p * k + j])
          + off(dw.toFloats(), n, k, m, (i, j, p) -> (double) ys[p * n + i] * xs[p * k + j]);
    }
  }

  /** What float32 rounds in sums of so many terms comes on top. Weights in tiles meet rows of bytes when they are transposed. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = {"NF4", "F8_BLOCK", "Q8_ZERO", "Q4"})
  void weights_of_codes_come_within_two_to_the_minus_17(DType type) {
    int m = 33;
    int n = 100;
    int k = 256;
    try (Backend b = new CpuBackend(2, NativeKernels.load(TILES)); Scope scope = new Scope(b)) {
      Random random = new Random(8);
      Tensor w = scope.tensor(type, n, k);
      Tensor wide = Agreement.random(scope, random, n, k);
      b.quantize(wide, w);
      b.cast(w, wide);
      float[] ws = wide.toFloats();
      Tensor x = Agreement.random(scope, random, m, n);
      Tensor y = scope.floats(m, k);
      b.matmul(x, false, w, false, y, 1, 0);
      float[] xs = x.toFloats();
      assertWithin(y.toFloats(), m, k, n, (i, j, p) -> (double) xs[i * n + p] * ws[p * k + j]);
      if (type.tileRows() == 1) {
        Tensor x2 = Agreement.random(scope, random, m, k);
        Tensor y2 = scope.floats(m, n);
        b.matmul(x2, false, w, true, y2, 1, 0);
        float[] xs2 = x2.toFloats();
        assertWithin(y2.toFloats(), m, n, k, (i, j, p) -> (double) xs2[i * k + p] * ws[j * k + p]);
      }
    }
  }

  private static void assertWithin(float[] found, int rows, int columns, int depth, Term term) {
    double largest = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        double sum = 0;
        double sizes = 0;
        for (int p = 0; p < depth; p++) {
          sum += term.at(i, j, p);
          sizes += Math.abs(term.at(i, j, p));
        }
        largest = Math.max(largest, Math.abs(found[i * columns + j] - sum) / sizes);
      }
    }
    assertThat(largest).isLessThan(0x1p-17 + 1e-6);
  }

  private interface Term {
    double at(int row, int column, int p);
  }

  private static double off(float[] found, int rows, int columns, int depth, Term term) {
    double squares = 0;
    double all = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        double sum = 0;
        for (int p = 0; p < depth; p++) {
          sum += term.at(i, j, p);
        }
        squares += Math.pow(found[i * columns + j] - sum, 2);
        all += sum * sum;
      }
    }
    return Math.sqrt(squares / all);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, TILES})
  void floats_that_are_bf16_or_fp16_give_the_bits_of_these(int level) {
    for (DType type : new DType[] {DType.BF16, DType.F16}) {
      try (Backend b = new CpuBackend(2, NativeKernels.load(level)); Scope scope = new Scope(b)) {
        Random random = new Random(3);
        Tensor x = Agreement.random(scope, random, 70, 1500);
        Tensor w = Agreement.random(b, scope, random, type, 200, 1500);
        Tensor wide = scope.floats(200, 1500);
        b.cast(w, wide);
        Tensor y = scope.floats(70, 200);
        Tensor same = scope.floats(70, 200);
        b.matmul(x, false, w, true, y, 1, 0);
        b.matmul(x, false, wide, true, same, 1, 0);
        assertThat(y.toFloats()).as(type.shortName()).isEqualTo(same.toFloats());
        Tensor back = scope.floats(70, 1500);
        Tensor sameBack = scope.floats(70, 1500);
        b.matmul(y, false, w, false, back, 1, 0);
        b.matmul(y, false, wide, false, sameBack, 1, 0);
        assertThat(back.toFloats()).as(type.shortName()).isEqualTo(sameBack.toFloats());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, TILES})
  void a_row_does_not_depend_on_the_other_rows_nor_on_the_threads(int level) {
    for (DType type : new DType[] {DType.F32, DType.BF16, DType.NF4}) {
      float[] whole = rows(level, 1, type, 0, 300);
      assertThat(rows(level, 2, type, 0, 300)).isEqualTo(whole);
      for (int from : new int[] {0, 1, 31, 200}) {
        float[] some = rows(level, 2, type, from, 45);
        for (int i = 0; i < some.length; i++) {
          assertThat(some[i]).as("%s, row %d", type, from + i / 257).isEqualTo(whole[from * 257 + i]);
        }
      }
    }
  }

  private static float[] rows(int level, int threads, DType type, int from, int count) {
    try (Backend b = new CpuBackend(threads, NativeKernels.load(level)); Scope scope = new Scope(b)) {
      Random random = new Random(5);
      Tensor x = Agreement.random(scope, random, 300, 1088);
      Tensor w = scope.tensor(type, 257, 1088);
      Tensor plain = Agreement.random(scope, random, 257, 1088);
      if (type.isQuantised()) {
        b.quantize(plain, w);
      } else {
        b.cast(plain, w);
      }
      Tensor y = Agreement.random(scope, random, 300, 257).slice(from, count);
      b.matmul(x.slice(from, count), false, w, true, y, 0.7f, type == DType.NF4 ? 1 : 0.3f);
      return y.toFloats();
    }
  }

  @Test
  void large_small_and_infinite_numbers_come_out_as_they_should() {
    try (Backend b = new CpuBackend(1, NativeKernels.load(TILES)); Scope scope = new Scope(b)) {
      int k = 40;
      float[] rows = new float[20 * k];
      rows[0] = Float.MAX_VALUE;
      rows[k + 1] = 1e-36f;
      rows[2 * k + 2] = Float.MIN_VALUE;
      rows[3 * k + 3] = Float.POSITIVE_INFINITY;
      rows[4 * k + 4] = Float.NaN;
      float[] weights = new float[20 * k];
      Arrays.fill(weights, 0.999f);
      weights[k] = 1;
      float[] out = new float[20 * 20];
      Arrays.fill(out, Float.NaN);
      Tensor y = scope.floats(out, 20, 20);
      b.matmul(scope.floats(rows, 20, k), false, scope.floats(weights, 20, k), true, y, 1, 0);
      float[] found = y.toFloats();
      assertThat(found[0]).isEqualTo(Float.MAX_VALUE * 0.999f);
      assertThat(found[1]).isEqualTo(Float.MAX_VALUE);
      assertThat(found[20] / (1e-36f * 0.999f)).isBetween(0.99f, 1.01f);
      assertThat(found[40]).isBetween(0f, Float.MIN_NORMAL);
      assertThat(Float.isFinite(found[60])).isFalse();
      assertThat(found[80]).isNaN();
      assertThat(found[100]).isZero();
    }
  }

  /** Blocks of NF4 whose scale is a NaN with all bits set, and the largest float. */
  @Test
  void codes_with_a_scale_that_is_no_number_give_none_and_the_largest_stay_finite() {
    try (Backend b = new CpuBackend(1, NativeKernels.load(TILES)); Scope scope = new Scope(b)) {
      int k = 64;
      Tensor w = scope.tensor(DType.NF4, 20, k);
      float[] ones = new float[20 * k];
      Arrays.fill(ones, 1);
      b.quantize(scope.floats(ones, 20, k), w);
      w.segment().set(ValueLayout.JAVA_INT_UNALIGNED, 36, -1);
      w.segment().set(ValueLayout.JAVA_INT_UNALIGNED, 72, Float.floatToRawIntBits(Float.MAX_VALUE));
      float[] rows = new float[17 * k];
      Arrays.fill(rows, 1e-3f);
      Tensor y = scope.floats(17, 20);
      b.matmul(scope.floats(rows, 17, k), false, w, true, y, 1, 0);
      float[] found = y.toFloats();
      assertThat(found[0]).isCloseTo(0.064f, within(1e-6f));
      assertThat(found[1]).isNaN();
      assertThat(found[2] / (0.064f * Float.MAX_VALUE)).isCloseTo(1, within(1e-4f));
    }
  }
}
