package io.swiftjvm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import org.junit.jupiter.api.Test;

class TensorTest {
  @Test
  void a_slice_begins_at_its_row_in_tensors_of_one_and_of_more_dimensions() {
    try (Backend backend = Devices.cpu(1); Scope scope = new Scope(backend)) {
      float[] values = {0, 1, 2, 3, 4, 5};
      assertThat(scope.floats(values, 6).slice(2, 3).toFloats()).containsExactly(2, 3, 4);
      assertThat(scope.floats(values, 3, 2).slice(1, 1).toFloats()).containsExactly(2, 3);
      assertThat(scope.floats(values, 3, 1, 2).slice(2, 1).toFloats()).containsExactly(4, 5);
    }
  }
}
