package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Unary;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScalarsTest {
  @ParameterizedTest
  @EnumSource(value = Unary.class, names = {"RELU", "SIGMOID", "TANH", "SILU", "GELU", "GELU_TANH"})
  void a_derivative_is_the_slope_of_its_function(Unary op) {
    for (double x = -4; x < 4; x += 0.37) {
      double h = 1e-2;
      double slope = (Scalars.unary(op, (float) (x + h)) - Scalars.unary(op, (float) (x - h)))
          / ((float) (x + h) - (double) (float) (x - h));
      assertThat((double) Scalars.derivative(op, (float) x)).isCloseTo(slope, within(2e-4));
    }
  }
}
