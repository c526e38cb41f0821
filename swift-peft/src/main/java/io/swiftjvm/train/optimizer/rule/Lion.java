package io.swiftjvm.train.optimizer.rule;

import java.util.List;

/**
 * Lion (arXiv 2302.06675): {@code p -= rate sign(b1 m + (1-b1) g)}, {@code m = b2 m + (1-b2) g}; decay is decoupled and
 * comes first. Its rate is 3 to 10 times smaller than AdamW's; one float32 of state for each value.
 *
 * @param beta1 weight of the mean in the direction, 0 .. below 1
 * @param beta2 decay of the mean, 0 .. below 1
 */
public record Lion(double beta1, double beta2) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return List.of(StateSpec.floats("exp_avg", shape));
  }

  @Override
  public void move(HostMove m) {
    float[] mean = m.floats("exp_avg");
    m.shrink();
    m.each(i -> {
      double g = m.gradient()[i];
      m.subtract(i, m.rate() * Math.signum(beta1 * mean[i] + (1 - beta1) * g));
      mean[i] = (float) (beta2 * mean[i] + (1 - beta2) * g);
    });
  }
}
