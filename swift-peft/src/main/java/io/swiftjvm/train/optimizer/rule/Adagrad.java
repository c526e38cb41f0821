package io.swiftjvm.train.optimizer.rule;

import java.util.List;

/**
 * Adagrad (jmlr v12 duchi11a): {@code s += g^2}, {@code p -= rate / (1 + (t-1) lrDecay) g / (sqrt(s) + eps)}. Decay is
 * L2.
 *
 * @param rateDecay at least 0; default 0
 * @param initial the sum before the first step, at least 0; default 0
 * @param epsilon added to the denominator, above 0; default 1e-10
 */
public record Adagrad(double rateDecay, double initial, double epsilon) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return List.of(StateSpec.floats("sum", shape));
  }

  @Override
  public void move(HostMove m) {
    float[] sum = m.floats("sum");
    double rate = m.rate() / (1 + (m.step() - 1) * rateDecay);
    m.each(i -> {
      double g = m.decayed(i);
      sum[i] = (float) (sum[i] + g * g);
      m.subtract(i, rate * g / (Math.sqrt(initial + sum[i]) + epsilon));
    });
  }
}
