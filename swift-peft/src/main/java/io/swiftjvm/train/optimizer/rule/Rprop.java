package io.swiftjvm.train.optimizer.rule;

import java.util.List;

/**
 * Rprop (Riedmiller and Braun 1993), for whole-data gradients: each value has a step size that grows by {@code up}
 * while the gradient keeps its sign and shrinks by {@code down}, with that step left out, when the sign turns.
 *
 * @param down 0 .. below 1; default 0.5
 * @param up above 1; default 1.2
 * @param smallest step size, above 0; default 1e-6
 * @param largest step size; default 50
 */
public record Rprop(double down, double up, double smallest, double largest) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return List.of(StateSpec.floats("prev", shape), StateSpec.floats("step_size", shape));
  }

  @Override
  public void move(HostMove m) {
    float[] before = m.floats("prev");
    float[] size = m.floats("step_size");
    m.each(i -> {
      double turn = Math.signum((double) m.gradient()[i] * before[i]);
      double factor = turn > 0 ? up : turn < 0 ? down : 1;
      double g = turn < 0 ? 0 : m.gradient()[i];
      size[i] = (float) Math.clamp((size[i] == 0 ? m.rate() : size[i]) * factor, smallest, largest);
      m.subtract(i, Math.signum(g) * size[i]);
      before[i] = (float) g;
    });
  }
}
