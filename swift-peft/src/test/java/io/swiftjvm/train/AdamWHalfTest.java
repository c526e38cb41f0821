package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.optimizer.rule.AdamW;
import io.swiftjvm.train.optimizer.rule.AdamWHalf;
import io.swiftjvm.train.optimizer.rule.Move;
import io.swiftjvm.train.optimizer.rule.StateSpec;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AdamWHalfTest {
  /** Values and moments after five steps that torch computed in float32, with moments rounded by {@code to(bfloat16)}. */
  private static final float[] VALUES = {
      0.4497317671775818f, -1.193861722946167f, 1.9400712251663208f, 0.0475960448384285f, -0.7405231595039368f,
      1.1444319486618042f};
  private static final float[] MEAN = {
      0.130859375f, -0.0081787109375f, 0.123046875f, -0.08544921875f, 0.05029296875f, -0.41015625f};
  private static final float[] SQUARE = {
      0.0262451171875f, 9.059906005859375e-05f, 0.0203857421875f, 0.01531982421875f, 0.004791259765625f, 0.2265625f};

  @Test
  void steps_with_moments_in_bf16_are_those_of_torch() {
    AdamWHalf rule = new AdamWHalf(new AdamW(0.9, 0.95, 1e-8));
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      Tensor value = scope.floats(new float[] {0.5f, -1.25f, 2, 0.003f, -0.7f, 1.1f}, 6);
      Map<String, Tensor> state = new LinkedHashMap<>();
      for (StateSpec part : rule.state(new long[] {6})) {
        assertThat(part.dtype()).isEqualTo(DType.BF16);
        Tensor half = scope.tensor(DType.BF16, 6);
        backend.cast(scope.floats(new float[6], 6), half);
        state.put(part.name(), half);
      }
      for (int t = 1; t <= 5; t++) {
        Tensor gradient =
            scope.floats(new float[] {0.1f * t, -0.02f, 0.3f, -0.5f / t, 0.01f * t * t, -1}, 6);
        rule.update(backend, new Move(value, gradient, state, 1e-2, 0.1, t, 1));
      }
      assertThat(value.toFloats()).usingComparatorWithPrecision(2e-6f).containsExactly(VALUES);
      Tensor[] moments = state.values().toArray(Tensor[]::new);
      float[][] expected = {MEAN, SQUARE};
      for (int i = 0; i < 2; i++) {
        Tensor wide = scope.floats(6);
        backend.cast(moments[i], wide);
        assertThat(wide.toFloats()).containsExactly(expected[i]);
      }
    }
  }
}
