package io.swiftjvm.train.optimizer.rule;

import java.util.List;

/**
 * Adadelta (arXiv 1212.5701): {@code s = rho s + (1-rho) g^2}, {@code d = sqrt(a + eps) / sqrt(s + eps) g}, {@code a =
 * rho a + (1-rho) d^2}, {@code p -= rate d}. Its rate is 1 in the paper. Decay is L2.
 *
 * @param rho decay of both averages, 0 .. below 1; default 0.9
 * @param epsilon above 0; default 1e-6
 */
public record Adadelta(double rho, double epsilon) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return List.of(StateSpec.floats("square_avg", shape), StateSpec.floats("acc_delta", shape));
  }

  @Override
  public void move(HostMove m) {
    float[] square = m.floats("square_avg");
    float[] moved = m.floats("acc_delta");
    m.each(i -> {
      double g = m.decayed(i);
      square[i] = (float) (rho * square[i] + (1 - rho) * g * g);
      double delta = Math.sqrt(moved[i] + epsilon) / Math.sqrt(square[i] + epsilon) * g;
      moved[i] = (float) (rho * moved[i] + (1 - rho) * delta * delta);
      m.subtract(i, m.rate() * delta);
    });
  }
}
