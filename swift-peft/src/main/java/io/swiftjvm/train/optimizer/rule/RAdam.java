package io.swiftjvm.train.optimizer.rule;

import java.util.List;

/**
 * RAdam (arXiv 1908.03265): Adam whose step is rectified by the variance of its own denominator, and plain momentum
 * while that variance is not finite (the first steps). Decay is L2.
 *
 * @param beta1 decay of the mean, 0 .. below 1
 * @param beta2 decay of the square, 0 .. below 1
 * @param epsilon added to the denominator, above 0
 */
public record RAdam(double beta1, double beta2, double epsilon) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return List.of(StateSpec.floats("exp_avg", shape), StateSpec.floats("exp_avg_sq", shape));
  }

  @Override
  public void move(HostMove m) {
    float[] mean = m.floats("exp_avg");
    float[] square = m.floats("exp_avg_sq");
    double power = Math.pow(beta2, m.step());
    double limit = 2 / (1 - beta2) - 1;
    double length = limit - 2 * m.step() * power / (1 - power);
    boolean rectified = length > 5;
    double rate = m.rate() / (1 - Math.pow(beta1, m.step()));
    double scale = rectified ? rate * Math.sqrt((length - 4) * (length - 2) * limit
        / ((limit - 4) * (limit - 2) * length)) * Math.sqrt(1 - power) : rate;
    m.each(i -> {
      double g = m.decayed(i);
      mean[i] = (float) (beta1 * mean[i] + (1 - beta1) * g);
      square[i] = (float) (beta2 * square[i] + (1 - beta2) * g * g);
      m.subtract(i, scale * mean[i] / (rectified ? Math.sqrt(square[i]) + epsilon : 1));
    });
  }
}
