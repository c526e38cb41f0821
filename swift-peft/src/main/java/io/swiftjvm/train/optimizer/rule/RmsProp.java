package io.swiftjvm.train.optimizer.rule;

import java.util.ArrayList;
import java.util.List;

/**
 * RMSprop (Hinton's lecture 6e; centred: arXiv 1308.0850): {@code s = alpha s + (1-alpha) g^2}, {@code p -= rate g /
 * (sqrt(s) + eps)}. Decay is L2.
 *
 * @param alpha decay of the square, 0 .. below 1; default 0.99
 * @param epsilon added to the denominator, above 0; default 1e-8
 * @param momentum of the scaled gradients, 0 (off) .. below 1; default 0
 * @param centered divide by the spread around the mean gradient; default false
 */
public record RmsProp(double alpha, double epsilon, double momentum, boolean centered) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    List<StateSpec> state = new ArrayList<>();
    state.add(StateSpec.floats("square_avg", shape));
    if (momentum > 0) {
      state.add(StateSpec.floats("momentum_buffer", shape));
    }
    if (centered) {
      state.add(StateSpec.floats("grad_avg", shape));
    }
    return state;
  }

  @Override
  public void move(HostMove m) {
    float[] square = m.floats("square_avg");
    float[] buffer = momentum > 0 ? m.floats("momentum_buffer") : square;
    float[] mean = centered ? m.floats("grad_avg") : square;
    m.each(i -> {
      double g = m.decayed(i);
      square[i] = (float) (alpha * square[i] + (1 - alpha) * g * g);
      double spread = square[i];
      if (centered) {
        mean[i] = (float) (alpha * mean[i] + (1 - alpha) * g);
        spread -= (double) mean[i] * mean[i];
      }
      double change = g / (Math.sqrt(spread) + epsilon);
      if (momentum > 0) {
        buffer[i] = (float) (momentum * buffer[i] + change);
        change = buffer[i];
      }
      m.subtract(i, m.rate() * change);
    });
  }
}
