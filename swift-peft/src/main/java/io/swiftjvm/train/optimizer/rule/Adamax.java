package io.swiftjvm.train.optimizer.rule;

import java.util.List;

/**
 * Adamax (arXiv 1412.6980, section 7): {@code u = max(b2 u, |g| + eps)}, {@code p -= rate / (1 - b1^t) m / u}. Decay is
 * L2.
 *
 * @param beta1 decay of the mean, 0 .. below 1
 * @param beta2 decay of the largest, 0 .. below 1
 * @param epsilon added to the gradient's size, above 0
 */
public record Adamax(double beta1, double beta2, double epsilon) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return List.of(StateSpec.floats("exp_avg", shape), StateSpec.floats("exp_inf", shape));
  }

  @Override
  public void move(HostMove m) {
    float[] mean = m.floats("exp_avg");
    float[] largest = m.floats("exp_inf");
    double rate = m.rate() / (1 - Math.pow(beta1, m.step()));
    m.each(i -> {
      double g = m.decayed(i);
      mean[i] = (float) (beta1 * mean[i] + (1 - beta1) * g);
      largest[i] = (float) Math.max(beta2 * largest[i], Math.abs(g) + epsilon);
      m.subtract(i, rate * mean[i] / largest[i]);
    });
  }
}
