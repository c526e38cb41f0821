package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.swiftjvm.backend.Agreement;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantBlocksTest {
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = {"Q[468].*", "NF4"})
  void products_with_quantised_weights_are_those_with_the_widened_ones(DType type) {
    // Rows of 48: blocks go across their ends, tiles are cut.
    for (int k : type.tileRows() == 1 ? new int[] {48, 64, 528} : new int[] {1, 48, 63, 264}) {
      for (int m : new int[] {1, 3, 17}) {
        int columns = type.tileRows() == 1 ? 144 : 66 + m;
        // int8 and int4 weights may meet activations that are rounded to bytes by groups of 32.
        float off = type.tileRows() == 1 ? 2e-5f * k : 0.035f * (float) Math.sqrt(k);
        Agreement.check(Math.max(1e-5 * Math.sqrt(k), off), (backend, scope, random) -> {
          Tensor weight = Agreement.random(scope, random, columns, k);
          Tensor packed = scope.tensor(type, weight.shape());
          backend.quantize(weight, packed);
          Tensor wide = scope.floats(weight.shape());
          backend.cast(packed, wide);
          Tensor x = Agreement.random(scope, random, m, k);
          Tensor dy = Agreement.random(scope, random, m, columns);
          Tensor y = scope.floats(m, columns);
          Tensor same = scope.floats(m, columns);
          Tensor dx = scope.floats(m, k);
          Tensor sameDx = scope.floats(m, k);
          backend.matmul(x, false, packed, true, y, 1, 0);
          backend.matmul(x, false, wide, true, same, 1, 0);
          backend.matmul(dy, false, packed, false, dx, 1, 0);
          backend.matmul(dy, false, wide, false, sameDx, 1, 0);
          assertThat(y.toFloats()).usingComparatorWithPrecision(off).containsExactly(same.toFloats());
          // By tiles of bf16 weights of codes have 17 bits (split.h), and each of the sum's terms is that much off.
          boolean tiles = backend.description().contains("AMX") && m > 16 && k > 16;
          float rounded = tiles ? 3 * 0x1p-17f * (float) Math.sqrt(columns) : 0;
          assertThat(dx.toFloats()).usingComparatorWithPrecision(1e-4f + rounded).containsExactly(sameDx.toFloats());
          return List.of(wide, y, dx);
        });
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = {"Q[468].*", "NF4"})
  void a_few_rows_of_weights_meet_many_rows(DType type) {
    for (int rows : new int[] {1, 5, 16}) {
      Agreement.check(0.5, (backend, scope, random) -> {
        Tensor packed = scope.tensor(type, rows, 128);
        backend.quantize(Agreement.random(scope, random, rows, 128), packed);
        Tensor wide = scope.floats(rows, 128);
        backend.cast(packed, wide);
        Tensor x = Agreement.random(scope, random, 33, 128);
        Tensor y = scope.floats(33, rows);
        Tensor same = scope.floats(33, rows);
        backend.matmul(x, false, packed, true, y, 1, 0);
        backend.matmul(x, false, wide, true, same, 1, 0);
        assertThat(y.toFloats()).usingComparatorWithPrecision(0.4f).containsExactly(same.toFloats());
        return List.of(y);
      });
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "Q[468](_\\d+)?(_ZERO)?")
  void a_row_has_the_same_bits_in_batches_of_any_size(DType type) {
    Agreement.all().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        Random random = new Random(5);
        Tensor x = Agreement.random(scope, random, 37, 256);
        Tensor packed = scope.tensor(type, 130, 256);
        backend.quantize(Agreement.random(scope, random, 130, 256), packed);
        Tensor all = scope.floats(37, 130);
        backend.matmul(x, false, packed, true, all, 1, 0);
        // Without the dot product of bytes more than sixteen rows are another order of sums.
        for (int count : backend.description().contains("AVX-512") ? new int[] {1, 5, 36} : new int[] {36}) {
          Tensor some = scope.floats(count, 130);
          backend.matmul(x.slice(1, count), false, packed, true, some, 1, 0);
          assertThat(some.toFloats()).as(backend.description()).containsExactly(all.slice(1, count).toFloats());
        }
      }
    });
  }

  @ParameterizedTest
  @CsvSource({"Q8,0.006", "Q8_128,0.008", "Q8_ZERO,0.006", "Q8_64_ZERO,0.006", "Q6,0.023", "Q4,0.09", "Q4_64,0.11", "Q4_128,0.12",
      "Q4_ZERO,0.08", "Q4_64_ZERO,0.095", "Q4_128_ZERO,0.11", "NF4,0.095", "F8_BLOCK,0.03"})
  void the_error_is_that_of_so_many_bits(DType type, double allowed) {
    Agreement.all().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        float[] values = new float[64 * 256];
        Random random = new Random(3);
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian();
        }
        assertThat(rmse(backend, scope, type, values)).as(backend.description()).isLessThan(allowed);
        assertThat(rmse(backend, scope, type, new float[64 * 16])).isZero();
      }
    });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "Q[468].*_ZERO")
  void a_zero_point_halves_the_error_of_weights_that_are_all_of_one_sign(DType type) {
    Agreement.all().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        float[] values = new float[64 * 256];
        Random random = new Random(3);
        for (int i = 0; i < values.length; i++) {
          values[i] = 1 + random.nextFloat();
        }
        DType without = DType.tiled(type.tileBits(), type.block(), false);
        assertThat(rmse(backend, scope, type, values)).as(backend.description())
            .isLessThan(rmse(backend, scope, without, values) * 0.6);
      }
    });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = {"Q[468](_.+)?", "NF4", "F8_BLOCK"})
  void every_way_of_quantising_gives_the_same_bits(DType type) {
    assumeTrue(type != DType.Q8_BLOCK && NativeLibrary.found().symbols() != null);
    for (DType from : new DType[] {DType.F32, DType.BF16, DType.F16}) {
      byte[] expected = packed(CpuBackend.portable(1), from, type);
      for (int level = 0; level <= 3; level++) {
        assertThat(packed(new CpuBackend(2, NativeKernels.load(level)), from, type)).as("level %d of %s", level, from)
            .isEqualTo(expected);
      }
    }
    NativeKernels.load();
  }

  /** The last rows of weights are from 1e-20 to 1e16: most of their scales are no float16. */
  private static byte[] packed(Backend backend, DType from, DType type) {
    try (backend; Scope scope = new Scope(backend)) {
      int columns = type.tileRows() == 1 ? 384 : 333;
      float[] values = Agreement.random(scope, new Random(11), 50, columns).toFloats();
      for (int i = 40 * columns; from != DType.F16 && i < values.length; i++) {
        values[i] *= (float) Math.pow(10, (i / columns - 45) * 4);
      }
      Tensor weight = scope.tensor(from, 50, columns);
      backend.cast(scope.floats(values, 50, columns), weight);
      Tensor packed = scope.tensor(type, weight.shape());
      backend.quantize(weight, packed);
      byte[] bytes = new byte[(int) packed.bytes()];
      backend.download(packed, MemorySegment.ofArray(bytes));
      return bytes;
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void weights_that_are_no_numbers_are_refused(float bad) {
    Agreement.all().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        float[] values = new float[20 * 192];
        values[17 * 192 + 100] = bad;
        for (DType type : new DType[] {DType.Q8, DType.Q4_64, DType.Q4_128_ZERO, DType.NF4}) {
          Tensor packed = scope.tensor(type, 20, 192);
          assertThatThrownBy(() -> backend.quantize(scope.floats(values, 20, 192), packed))
              .isInstanceOf(ArithmeticException.class).hasMessageContaining("NaN or infinite");
        }
      }
    });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = {"Q[468].*_ZERO", "Q[468](_\\d+)?", "NF4"})
  void an_activation_that_is_no_number_is_seen_in_its_whole_row_and_in_no_other(DType type) {
    Agreement.all().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        Tensor packed = scope.tensor(type, 40, 256);
        backend.quantize(Agreement.random(scope, new Random(7), 40, 256), packed);
        for (int rows : new int[] {2, 9, 40}) {
          float[] x = new float[rows * 256];
          Arrays.fill(x, 0.5f);
          x[256 + 133] = Float.NaN;
          Tensor y = scope.floats(rows, 40);
          backend.matmul(scope.floats(x, rows, 256), false, packed, true, y, 1, 0);
          float[] found = y.toFloats();
          for (int i = 0; i < found.length; i++) {
            assertThat(Float.isNaN(found[i])).as("%s, row %d of %d", backend.description(), i / 40, rows)
                .isEqualTo(i / 40 == 1);
          }
        }
      }
    });
  }

  private static double rmse(Backend backend, Scope scope, DType type, float[] values) {
    Tensor weight = scope.floats(values, values.length / 64, 64);
    Tensor packed = scope.tensor(type, weight.shape());
    Tensor wide = scope.floats(weight.shape());
    backend.quantize(weight, packed);
    backend.cast(packed, wide);
    float[] back = wide.toFloats();
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += Math.pow(back[i] - values[i], 2);
    }
    return Math.sqrt(sum / values.length);
  }

  @Test
  void what_does_not_fit_into_blocks_is_refused() {
    try (CpuBackend backend = new CpuBackend(1); Scope scope = new Scope(backend)) {
      assertThatThrownBy(() -> scope.tensor(DType.NF4, 3, 10)).hasMessageContaining("blocks of 64");
      assertThatThrownBy(() -> DType.NF4.bytes()).hasMessageContaining("blocks of 64");
      Tensor odd = scope.tensor(DType.NF4, 8, 24);
      assertThatThrownBy(() -> backend.quantize(scope.floats(8, 24), odd)).hasMessageContaining("multiple of 16");
      Tensor tiles = scope.tensor(DType.Q4, 40, 33);
      assertThat(tiles.bytes()).isEqualTo(3 * 2 * 288);
      assertThat(tiles.slice(16, 24).bytes()).isEqualTo(2 * 2 * 288);
      assertThatThrownBy(() -> tiles.slice(8, 16)).hasMessageContaining("tiles of 16");
      assertThatThrownBy(() -> tiles.view(33, 40)).hasMessageContaining("cannot view");
      assertThatThrownBy(() -> backend.cast(tiles, scope.tensor(DType.BF16, 40, 33))).hasMessageContaining("float32");
      assertThat(scope.tensor(DType.NF4, 64, 32).bytes()).isEqualTo(32 * 36);
    }
  }
}
