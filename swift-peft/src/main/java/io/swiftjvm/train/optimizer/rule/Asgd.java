package io.swiftjvm.train.optimizer.rule;

import java.util.List;

/**
 * Averaged gradient descent (Polyak and Juditsky 1992): {@code eta = rate / (1 + lambda rate t)^power}, {@code p = (1 -
 * lambda eta) p - eta g}; from step {@code start} on, the state {@code ax} is the mean of the parameter over the steps.
 * Decay is L2.
 *
 * @param lambda at least 0; default 1e-4
 * @param power at least 0; default 0.75
 * @param start first averaged step, at least 0; default 1e6
 */
public record Asgd(double lambda, double power, double start) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return List.of(StateSpec.floats("ax", shape));
  }

  @Override
  public void move(HostMove m) {
    float[] mean = m.floats("ax");
    double eta = m.step() == 1 ? m.rate() : m.rate() / Math.pow(1 + lambda * m.rate() * (m.step() - 1), power);
    double share = 1 / Math.max(1, m.step() - 1 - start);
    m.each(i -> {
      double g = m.decayed(i);
      m.value()[i] = (float) (m.value()[i] * (1 - lambda * eta) - eta * g);
      mean[i] = (float) (mean[i] + share * (m.value()[i] - mean[i]));
    });
  }
}
