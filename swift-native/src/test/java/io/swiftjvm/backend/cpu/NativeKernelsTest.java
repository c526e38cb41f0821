package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.swiftjvm.backend.Agreement;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.FusedContract;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class NativeKernelsTest {
  @AfterEach
  void the_best_instruction_set_is_chosen_again() {
    NativeKernels.load();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void every_instruction_set_agrees_with_the_portable_kernels(int level) {
    assumeTrue(NativeLibrary.found().symbols() != null);
    List<float[]> expected;
    try (Backend portable = CpuBackend.portable(1)) {
      expected = Agreement.results(portable, NativeKernelsTest::some);
    }
    try (Backend backend = new CpuBackend(1, NativeKernels.load(level))) {
      List<float[]> found = Agreement.results(backend, NativeKernelsTest::some);
      for (int r = 0; r < expected.size(); r++) {
        for (int i = 0; i < expected.get(r).length; i++) {
          float e = expected.get(r)[i];
          assertThat((double) found.get(r)[i]).as(backend.description() + " result " + r + " [" + i + "]")
              .isCloseTo(e, within(2e-5 * Math.max(1, Math.abs(e))));
        }
      }
    }
  }

  private static List<Tensor> some(Backend b, Scope scope, Random random) {
    List<Tensor> results = new ArrayList<>();
    for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16}) {
      for (int m : new int[] {1, 3, 16, 40, 230}) {
        Tensor x = Agreement.random(scope, random, m, 83);
        Tensor w = Agreement.random(b, scope, random, type, 71, 83);
        Tensor y = scope.floats(m, 71);
        b.matmul(x, false, w, true, y, 1, 0);
        Tensor back = scope.floats(m, 83);
        b.matmul(y, false, w, false, back, 0.1f, 0);
        Tensor dw = Agreement.random(scope, random, 71, 83);
        b.matmul(y, true, x, false, dw, 0.01f, 1);
        results.addAll(List.of(y, back, dw));
      }
      Tensor table = Agreement.random(b, scope, random, type, 4, 37);
      Tensor rows = scope.floats(3, 37);
      b.gatherRows(table, scope.ints(3, 0, 1), rows);
      Tensor normed = scope.floats(3, 37);
      b.rmsNorm(rows, table.slice(2, 1), 0, 1e-6f, normed, null);
      results.addAll(List.of(rows, normed));
    }
    for (int size : new int[] {1, 7, 16, 17, 63, 1000}) {
      Tensor x = Agreement.random(scope, random, size > 63 ? 17 : 19, size);
      for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16}) {
        Tensor w = Agreement.random(b, scope, random, type, 63, size);
        results.addAll(products(b, scope, x, w));
      }
    }
    for (int m : new int[] {1, 16, 17}) {
      Tensor x = Agreement.random(scope, random, m, 4098);
      results.addAll(products(b, scope, x, Agreement.random(b, scope, random, DType.BF16, 7, 4098)));
    }
    for (Unary op : Unary.values()) {
      Tensor x = Agreement.random(scope, random, 77);
      if (op == Unary.LOG || op == Unary.SQRT || op == Unary.RSQRT || op == Unary.RECIPROCAL) {
        b.unary(Unary.SIGMOID, x, x);
      }
      b.unary(op, x, x);
      results.add(x);
    }
    for (AttentionSpec spec : FusedContract.specs().toList()) {
      results.addAll(FusedContract.attention(b, scope, random, spec, Segments.packed(0, 5, 90), 90, 90));
    }
    Tensor logits = Agreement.random(scope, random, 3, 101);
    Tensor nll = scope.floats(3);
    b.crossEntropy(logits, scope.ints(5, -1, 100), nll, scope.floats(new float[] {1, 1, 2}, 3));
    results.addAll(List.of(logits, nll));
    return results;
  }

  private static List<Tensor> products(Backend b, Scope scope, Tensor x, Tensor w) {
    Tensor y = scope.floats(x.rows(), w.rows());
    b.matmul(x, false, w, true, y, 1 / (float) Math.sqrt(x.columns()), 0);
    Tensor back = scope.floats(x.shape());
    b.matmul(y, false, w, false, back, 0.1f, 0);
    Tensor dw = Agreement.random(scope, new Random(1), w.shape());
    b.matmul(y, true, x, false, dw, 0.01f, 1);
    return List.of(y, back, dw);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = {"Q4", "Q8_64", "Q4_128_ZERO", "Q8_ZERO", "NF4"})
  void quantised_products_agree_on_every_instruction_set(DType type) {
    assumeTrue(NativeLibrary.found().symbols() != null);
    for (int size : new int[] {1, 7, 16, 17, 63, 1000, 4098}) {
      // Blocks of NF4 are whole.
      int k = type == DType.NF4 ? Math.ceilDiv(size, 64) * 64 : size;
      int[] batches = size > 63 ? new int[] {1, 17} : new int[] {1, 7, 16, 17, 63};
      List<float[]> wanted;
      try (Backend portable = CpuBackend.portable(1)) {
        wanted = Agreement.results(portable, (b, scope, random) -> quantised(b, scope, random, type, k, batches));
      }
      for (int level = 0; level <= 3; level++) {
        try (Backend backend = new CpuBackend(2, NativeKernels.load(level))) {
          List<float[]> found =
              Agreement.results(backend, (b, scope, random) -> quantised(b, scope, random, type, k, batches));
          for (int r = 0; r < wanted.size(); r++) {
            // Activations that are rounded to bytes differ by up to half a step of a group.
            boolean rounded = r % 2 == 0 && type != DType.NF4;
            assertThat(found.get(r)).as(type + " " + k + " " + backend.description() + " result " + r)
                .usingComparatorWithPrecision(rounded ? 0.05f : 2e-4f).containsExactly(wanted.get(r));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "Q[468](_\\d+)?(_ZERO)?")
  void tiles_of_sums_make_the_bits_of_dot_products_of_bytes(DType type) {
    assumeTrue(NativeLibrary.found().symbols() != null);
    for (int k : new int[] {1, 7, 16, 17, 63, 1000, 4098}) {
      List<float[]> wanted = null;
      for (int level : new int[] {2, 3}) {
        for (int threads = 1; threads <= 2; threads++) {
          try (Backend backend = new CpuBackend(threads, NativeKernels.load(level))) {
            List<float[]> found =
                Agreement.results(backend, (b, scope, random) -> rowsByTiles(b, scope, random, type, k));
            if (wanted == null) {
              wanted = found;
            }
            for (int r = 0; r < wanted.size(); r++) {
              assertThat(found.get(r)).as("%s %d %s result %d", type, k, backend.description(), r)
                  .containsExactly(wanted.get(r));
            }
          }
        }
      }
    }
  }

  private static List<Tensor> rowsByTiles(Backend b, Scope scope, Random random, DType type, int k) {
    List<Tensor> results = new ArrayList<>();
    Tensor packed = scope.tensor(type, 301, k);
    b.quantize(Agreement.random(scope, random, 301, k), packed);
    for (int m = 1; m <= 40; m += k < 1000 ? 1 : 3) {
      Tensor y = Agreement.random(scope, random, m, 301);
      b.matmul(Agreement.random(scope, random, m, k), false, packed, true, y, 0.7f, m % 2 == 0 ? 0 : 0.3f);
      results.add(y);
    }
    return results;
  }

  /** Products divided by the root of the sum's length, in turn with the widened weights' gradients. */
  private static List<Tensor> quantised(Backend b, Scope scope, Random random, DType type, int k, int[] batches) {
    List<Tensor> results = new ArrayList<>();
    Tensor packed = scope.tensor(type, 31, k);
    b.quantize(Agreement.random(scope, random, 31, k), packed);
    for (int m : batches) {
      Tensor y = scope.floats(m, 31);
      b.matmul(Agreement.random(scope, random, m, k), false, packed, true, y, 1 / (float) Math.sqrt(k), 0);
      Tensor back = scope.floats(m, k);
      b.matmul(Agreement.random(scope, random, m, 31), false, packed, false, back, 0.1f, 0);
      results.addAll(List.of(y, back));
    }
    return results;
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = {"F32", "BF16", "Q4", "Q8", "NF4"})
  void rows_laid_out_in_slices_of_columns_make_the_bits_of_rows_laid_out_at_once(DType type) {
    int m = 1030;
    int n = 519;
    int k = 4480;
    assertThat(RowBuffer.columns(m)).isLessThan(k);
    assertThat(RowBuffer.columns(m / 2)).isGreaterThan(k);
    try (Backend backend = new CpuBackend(2); Scope scope = new Scope(backend)) {
      Random random = new Random(7);
      Tensor x = Agreement.random(scope, random, m, k);
      for (boolean transposed : type.tileRows() == 1 ? new boolean[] {true, false} : new boolean[] {false}) {
        Tensor w = scope.tensor(type, transposed ? new long[] {n, k} : new long[] {k, 576});
        Tensor plain = Agreement.random(scope, random, w.shape());
        if (type.isQuantised()) {
          backend.quantize(plain, w);
        } else {
          backend.cast(plain, w);
        }
        Tensor whole = Agreement.random(scope, random, m, transposed ? n : 576);
        Tensor halves = scope.floats(whole.shape());
        backend.copy(whole, halves);
        backend.matmul(x, false, w, transposed, whole, 0.5f, 2);
        for (int row = 0; row < m; row += m / 2) {
          backend.matmul(x.slice(row, m / 2), false, w, transposed, halves.slice(row, m / 2), 0.5f, 2);
        }
        assertThat(whole.toFloats()).as("transposed " + transposed).isEqualTo(halves.toFloats());
      }
    }
  }

  @Test
  void the_description_says_what_was_chosen() {
    try (Backend backend = new CpuBackend(1)) {
      assertThat(backend.description()).matches("cpu, 1 thread, (C kernels \\(.*\\)|Java kernels \\(.+\\))");
    }
    try (Backend backend = CpuBackend.portable(1)) {
      assertThat(backend.description()).isEqualTo("cpu, 1 thread, Java kernels (asked for)");
    }
  }
}
