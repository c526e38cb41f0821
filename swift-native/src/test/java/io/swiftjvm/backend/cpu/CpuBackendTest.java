package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Agreement;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.error.DeviceException;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CpuBackendTest {
  @Test
  void a_product_of_small_matrices_is_right_in_all_four_transpositions() {
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      Tensor a = scope.floats(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
      Tensor at = scope.floats(new float[] {1, 4, 2, 5, 3, 6}, 3, 2);
      Tensor b = scope.floats(new float[] {1, 0, 2, 1, 0, 3}, 3, 2);
      Tensor bt = scope.floats(new float[] {1, 2, 0, 0, 1, 3}, 2, 3);
      Tensor out = scope.floats(2, 2);
      float[] expected = {5, 11, 14, 23};
      backend.matmul(a, false, b, false, out, 1, 0);
      assertThat(out.toFloats()).containsExactly(expected);
      backend.matmul(at, true, b, false, out, 1, 0);
      assertThat(out.toFloats()).containsExactly(expected);
      backend.matmul(a, false, bt, true, out, 1, 0);
      assertThat(out.toFloats()).containsExactly(expected);
      backend.matmul(at, true, bt, true, out, 2, 1);
      assertThat(out.toFloats()).containsExactly(15, 33, 42, 69);
    }
  }

  @Test
  void a_key_that_is_no_number_is_seen_by_all_queries_behind_it_and_by_no_other() {
    AttentionSpec spec = new AttentionSpec(2, 1, 48, 48, 0.1f, 0, 0);
    Stream.of(CpuBackend.portable(1), new CpuBackend(1)).forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        for (int n : new int[] {7, 100}) {
          Tensor q = Agreement.random(scope, new Random(1), n, 96);
          float[] keys = Agreement.random(scope, new Random(2), n, 48).toFloats();
          keys[5 * 48 + 3] = Float.NaN;
          Tensor out = scope.floats(n, 96);
          backend.attention(q, scope.floats(keys, n, 48), Agreement.random(scope, new Random(3), n, 48), spec,
              Segments.packed(0, n), out, null);
          float[] found = out.toFloats();
          for (int i = 0; i < found.length; i++) {
            assertThat(Float.isNaN(found[i])).as("%s, query %d of %d", backend.description(), i / 96, n)
                .isEqualTo(i / 96 >= 5);
          }
        }
      }
    });
  }

  @Test
  void shapes_that_do_not_fit_are_refused_with_both_shapes() {
    try (Backend backend = Devices.cpu(1); Scope scope = new Scope(backend)) {
      Tensor a = scope.floats(2, 3);
      Tensor b = scope.floats(4, 2);
      assertThatThrownBy(() -> backend.matmul(a, false, b, false, scope.floats(2, 2), 1, 0))
          .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("[2, 3]").hasMessageContaining("[4, 2]");
      assertThatThrownBy(() -> backend.axpy(1, a, b)).hasMessageContaining("[2, 3]").hasMessageContaining("[4, 2]");
      assertThatThrownBy(() -> backend.gatherRows(a, scope.ints(2), scope.floats(1, 3)))
          .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("id 2");
      assertThatThrownBy(() -> backend.fill(scope.tensor(DType.BF16, 2), 0)).hasMessageContaining("float32");
    }
  }

  @Test
  void a_cast_to_bf16_and_back_rounds_to_nearest_even() {
    try (Backend backend = Devices.cpu(1); Scope scope = new Scope(backend)) {
      Tensor x = scope.floats(new float[] {1.00390625f, 1.01171875f, -3.14159f, Float.POSITIVE_INFINITY}, 4);
      Tensor half = scope.tensor(DType.BF16, 4);
      Tensor back = scope.floats(4);
      backend.cast(x, half);
      backend.cast(half, back);
      assertThat(back.toFloats()).containsExactly(1f, 1.015625f, -3.140625f, Float.POSITIVE_INFINITY);
      assertThat(backend.sumSquares(x.slice(0, 1))).isCloseTo(1.00390625 * 1.00390625, within(1e-12));
    }
  }

  @Test
  void a_device_that_is_not_there_is_refused_and_reported() {
    assertThatThrownBy(() -> Devices.open("cuda")).isInstanceOf(DeviceException.class).hasMessageContaining("cpu");
    assertThatThrownBy(() -> Devices.open("gpu")).isInstanceOf(DeviceException.class).hasMessageContaining("known");
    assertThat(Devices.report()).extracting("kind").startsWith("cuda", "npu", "mps", "cpu");
    try (Backend backend = Devices.open("auto")) {
      assertThat(backend.description()).startsWith("cpu, ");
    }
  }
}
