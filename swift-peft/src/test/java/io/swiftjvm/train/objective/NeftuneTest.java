package io.swiftjvm.train.objective;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class NeftuneTest {
  @Test
  void each_row_gets_uniform_noise_within_the_reach_of_its_own_length() {
    int[] starts = {0, 4, 104};
    int columns = 25;
    try (Backend backend = Devices.cpu(1); Scope scope = new Scope(backend)) {
      Tensor x = scope.floats(new float[104 * columns], 104, columns);
      new Neftune(5).add(new Pass(new Ops(backend, null, scope), AttentionContext.packed(starts), List.of(), 3),
          starts, x);
      float[] noise = x.toFloats();
      check(noise, 0, 4 * columns, 5 / Math.sqrt(4 * columns));
      check(noise, 4 * columns, 104 * columns, 5 / Math.sqrt(100 * columns));
    }
  }

  private static void check(float[] noise, int from, int to, double reach) {
    double sum = 0;
    double largest = 0;
    for (int i = from; i < to; i++) {
      sum += noise[i];
      largest = Math.max(largest, Math.abs(noise[i]));
    }
    assertThat(largest).isBetween(0.9 * reach, reach);
    assertThat(sum / (to - from)).isBetween(-0.2 * reach, 0.2 * reach);
  }
}
