package io.swiftjvm.train.optimizer.rule;

import java.util.List;

/**
 * NAdam (Dozat 2016, openreview OM0jvwB8jIp57ZJjtNEZ): Adam with Nesterov's look ahead, {@code mu_t = b1 (1 - 0.5 *
 * 0.96^(t momentumDecay))}, {@code p -= rate ((1-mu_t) / (1-M_t) g + mu_(t+1) / (1-M_(t+1)) m) / (sqrt(v') + eps)}, M
 * the product of all mu. Decay is L2.
 *
 * @param beta1 decay of the mean, 0 .. below 1
 * @param beta2 decay of the square, 0 .. below 1
 * @param epsilon added to the denominator, above 0
 * @param momentumDecay at least 0; default 0.004
 */
public record NAdam(double beta1, double beta2, double epsilon, double momentumDecay) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return List.of(StateSpec.floats("mu_product", 1), StateSpec.floats("exp_avg", shape),
        StateSpec.floats("exp_avg_sq", shape));
  }

  @Override
  public void move(HostMove m) {
    float[] mean = m.floats("exp_avg");
    float[] square = m.floats("exp_avg_sq");
    float[] product = m.floats("mu_product");
    double now = momentum(m.step());
    double next = momentum(m.step() + 1);
    double before = product[0] == 0 ? 1 : product[0];
    product[0] = (float) (before * now);
    double direct = m.rate() * (1 - now) / (1 - product[0]);
    double ahead = m.rate() * next / (1 - product[0] * next);
    double correction = 1 - Math.pow(beta2, m.step());
    m.each(i -> {
      double g = m.decayed(i);
      mean[i] = (float) (beta1 * mean[i] + (1 - beta1) * g);
      square[i] = (float) (beta2 * square[i] + (1 - beta2) * g * g);
      m.subtract(i, (direct * g + ahead * mean[i]) / (Math.sqrt(square[i] / correction) + epsilon));
    });
  }

  private double momentum(long step) {
    return beta1 * (1 - 0.5 * Math.pow(0.96, step * momentumDecay));
  }
}
