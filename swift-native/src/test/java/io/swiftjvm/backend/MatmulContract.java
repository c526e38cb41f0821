package io.swiftjvm.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Matrix products of a backend against the reference. */
public interface MatmulContract extends Contract {
  @ParameterizedTest
  @CsvSource({
      "1,1,1", "1,64,7", "1,207,600", "2,33,17", "3,8,513", "5,15,16", "7,16,15", "13,31,64", "14,32,33", "15,65,8",
      "16,64,512", "17,17,1025", "63,63,1000", "7,1000,63", "1000,7,17", "2,4098,7", "33,207,65", "65,1,7", "225,96,20", "230,70,520", "64,48,0"})
  default void all_kernels_agree_in_all_transpositions(int m, int n, int k) {
    for (int mode = 0; mode < 4; mode++) {
      boolean ta = (mode & 1) != 0;
      boolean tb = (mode & 2) != 0;
      check(2e-7 * Math.sqrt(k + 16), (backend, scope, random) -> {
        Tensor a = ta ? Agreement.random(scope, random, k, m) : Agreement.random(scope, random, m, k);
        Tensor b = tb ? Agreement.random(scope, random, n, k) : Agreement.random(scope, random, k, n);
        Tensor once = scope.floats(m, n);
        backend.fill(once, Float.NaN); // what was there before does not count where beta is 0
        backend.matmul(a, ta, b, tb, once, 1, 0);
        Tensor more = Agreement.random(scope, random, m, n);
        backend.matmul(a, ta, b, tb, more, 0.5f, 1);
        backend.matmul(a, ta, b, tb, more, 2, -0.25f);
        return List.of(once, more);
      });
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  default void narrow_weights_are_widened_exactly(DType type) {
    for (boolean transposed : new boolean[] {true, false}) {
      for (int m : new int[] {1, 5, 40}) {
        check(1e-5, (backend, scope, random) -> {
          Tensor a = Agreement.random(scope, random, m, 77);
          Tensor b = Agreement.random(backend, scope, random, type, transposed ? 53 : 77, transposed ? 77 : 53);
          Tensor wide = scope.floats(b.shape());
          backend.cast(b, wide);
          Tensor out = scope.floats(m, 53);
          Tensor same = scope.floats(m, 53);
          backend.matmul(a, false, b, transposed, out, 1, 0);
          backend.matmul(a, false, wide, transposed, same, 1, 0);
          assertThat(out.toFloats()).containsExactly(same.toFloats());
          return List.of(out, wide);
        });
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NF4", "Q8_BLOCK", "F8_BLOCK"})
  default void products_of_quantised_weights_are_those_of_their_widened_values(DType type) {
    check(1e-5, (backend, scope, random) -> {
      Tensor x = Agreement.random(scope, random, 5, 128);
      Tensor packed = scope.tensor(type, 17, 128);
      backend.quantize(Agreement.random(scope, random, 17, 128), packed);
      Tensor wide = scope.floats(17, 128);
      backend.cast(packed, wide);
      Tensor out = scope.floats(5, 17);
      backend.matmul(x, false, packed, true, out, 1, 0);
      return List.of(wide, out);
    });
  }

  /** Group sizes that the matrix is no multiple of, a group of zeros, one on one side of zero, one with a large peak. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "Q[468](_\\d+)?(_ZERO)?")
  default void weights_in_tiles_are_rounded_widened_and_looked_up_to_the_same_bits(DType type) {
    check(0, (backend, scope, random) -> {
      Tensor x = Agreement.random(scope, random, 21, 300);
      Tensor row = x.slice(2, 1);
      backend.unary(Unary.EXP, row, row);
      backend.fill(x.slice(3, 1), 0);
      backend.scale(x.slice(4, 1), -1e-7f, x.slice(4, 1));
      backend.unary(Unary.SQUARE, x.slice(5, 4), x.slice(5, 4));
      Tensor packed = scope.tensor(type, 21, 300);
      backend.quantize(x, packed);
      Tensor wide = scope.floats(21, 300);
      backend.cast(packed, wide);
      Tensor rows = scope.floats(3, 300);
      backend.gatherRows(packed, scope.ints(20, 2, 3), rows);
      return List.of(wide, rows);
    });
  }

  @Test
  default void nothing_outside_the_output_is_written() {
    backends().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        Random random = new Random(3);
        Tensor frame = scope.floats(5, 37);
        backend.fill(frame, 42);
        Tensor a = Agreement.random(scope, random, 3, 20);
        Tensor b = Agreement.random(scope, random, 37, 20);
        product(backend, a, b, frame.slice(1, 3));
        assertThat(frame.slice(0, 1).toFloats()).containsOnly(42);
        assertThat(frame.slice(4, 1).toFloats()).containsOnly(42);
      }
    });
  }

  private static void product(Backend backend, Tensor a, Tensor b, Tensor out) {
    backend.matmul(a, false, b, true, out, 1, 0);
  }
}
