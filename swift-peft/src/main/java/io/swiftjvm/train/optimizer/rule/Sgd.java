package io.swiftjvm.train.optimizer.rule;

import java.util.List;

/**
 * Gradient descent, with momentum (Polyak) or Nesterov's: {@code b = momentum b + g}, {@code p -= rate b}, or
 * {@code p -= rate (g + momentum b)}. Decay is L2.
 *
 * @param momentum 0 (off, no state) .. below 1; default 0
 * @param nesterov needs momentum; default false
 */
public record Sgd(double momentum, boolean nesterov) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return momentum == 0 ? List.of() : List.of(StateSpec.floats("momentum_buffer", shape));
  }

  @Override
  public void move(HostMove m) {
    if (momentum == 0) {
      m.each(i -> m.subtract(i, m.rate() * m.decayed(i)));
      return;
    }
    float[] buffer = m.floats("momentum_buffer");
    m.each(i -> {
      double g = m.decayed(i);
      buffer[i] = (float) (momentum * buffer[i] + g);
      m.subtract(i, m.rate() * (nesterov ? g + momentum * buffer[i] : buffer[i]));
    });
  }
}
