package io.swiftjvm.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Operations that tuning methods are made of. */
class TunerOpsGradientTest {
  private Backend backend;

  @BeforeEach
  void open() {
    backend = Devices.cpu();
  }

  @AfterEach
  void close() {
    backend.close();
  }

  @ParameterizedTest
  @CsvSource({"false,false", "false,true", "true,false", "true,true"})
  void products_of_stacks_of_matrices(boolean left, boolean right) {
    new GradientCheck(backend).input(left ? new long[] {2, 4, 3} : new long[] {2, 3, 4})
        .input(right ? new long[] {2, 5, 4} : new long[] {2, 4, 5})
        .check((ops, in) -> Matrices.multiplyAll(ops, in.get(0), left, in.get(1), right));
    new GradientCheck(backend).input(left ? new long[] {4, 3} : new long[] {3, 4})
        .input(right ? new long[] {5, 4} : new long[] {4, 5})
        .check((ops, in) -> Matrices.multiply(ops, in.get(0), left, in.get(1), right));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rows_times_a_block_diagonal_matrix(boolean transposed) {
    new GradientCheck(backend).input(4, 6).input(transposed ? new long[] {2, 2, 3} : new long[] {2, 3, 2})
        .check((ops, in) -> Matrices.blockDiagonal(ops, in.get(0), in.get(1), transposed));
  }

  @Test
  void permutations_of_axes() {
    try (Scope scope = new Scope(backend)) {
      Ops ops = new Ops(backend, null, scope);
      Tensor x = scope.floats(new float[] {0, 1, 2, 3, 4, 5}, 2, 3);
      assertThat(Layouts.transpose(ops, x).toFloats()).containsExactly(0, 3, 1, 4, 2, 5);
      Tensor cube = scope.floats(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 2, 3, 2);
      assertThat(Layouts.permute(ops, cube, cube.shape(), 1, 0, 2).toFloats())
          .containsExactly(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11);
    }
    assertThat(Layouts.order(new long[] {2, 3, 2}, 1, 0, 2)).containsExactly(0, 3, 1, 4, 2, 5);
    new GradientCheck(backend).input(2, 3, 2)
        .check((ops, in) -> Layouts.permute(ops, in.get(0), new long[] {2, 3, 2}, 2, 0, 1));
  }

  @Test
  void functions_of_elements_on_the_host() {
    new GradientCheck(backend).input(2, 3)
        .check((ops, in) -> HostMath.map(ops, in.get(0), Math::sin, Math::cos));
    new GradientCheck(backend).input(2, 3).check((ops, in) -> HostMath.softmax(ops, in.get(0)));
    new GradientCheck(backend).input(2, 3).check((ops, in) -> Broadcasts.sumColumns(ops, in.get(0)));
  }

  @Test
  void rows_of_tokens_that_no_table_has() {
    new GradientCheck(backend).input(3, 2).input(2, 2).check((ops, in) -> {
      ops.virtualTokens(in.get(1));
      return ops.embedding(in.get(0), ops.scope().ints(1, 4, 0, 3, 4, 1));
    });
  }

  @Test
  void the_cayley_transform_is_a_rotation_and_has_a_gradient() {
    new GradientCheck(backend).input(2, 3, 3).check((ops, in) -> {
      Tensor x = in.getFirst();
      Tensor skew = ops.add(x, ops.scale(Layouts.permute(ops, x, x.shape(), 0, 2, 1), -1));
      return HostMath.cayley(ops, ops.scale(skew, 0.3f));
    });
    try (Scope scope = new Scope(backend)) {
      Ops ops = new Ops(backend, null, scope);
      Tensor r = HostMath.cayley(ops, scope.floats(new float[] {0, 2, -2, 0}, 1, 2, 2));
      assertThat(Matrices.multiplyAll(ops, r, false, r, true).toFloats())
          .usingComparatorWithPrecision(1e-6f).containsExactly(1, 0, 0, 1);
    }
  }
}
