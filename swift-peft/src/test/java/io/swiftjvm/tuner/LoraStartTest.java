package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoraStartTest {
  @ParameterizedTest
  @CsvSource({"300,200", "200,300", "140,160"})
  void the_largest_singular_values_of_a_big_matrix_are_those_of_the_whole_decomposition(int out, int in) {
    Seeds random = Seeds.of(7, "weight");
    float[] values = new float[out * in];
    double[][] columns = new double[in][out];
    double[][] unit = new double[in][in];
    for (int i = 0; i < out; i++) {
      for (int j = 0; j < in; j++) {
        values[i * in + j] = (float) random.normal();
        columns[j][i] = values[i * in + j];
        unit[j][j] = 1;
      }
    }
    LowRankSvd.Factors whole = LowRankSvd.truncate(columns, unit, 8);
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      Tensor weight = scope.floats(values, out, in);
      LowRankSvd.Factors top = LoraStart.top(backend, weight, 8, in, out);
      for (int r = 0; r < 8; r++) {
        double sigma = LowRankSvd.norm(whole.left()[r]);
        assertThat(LowRankSvd.norm(top.left()[r])).isCloseTo(sigma, within(2e-5 * sigma));
      }
    }
  }
}
