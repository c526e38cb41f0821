package io.swiftjvm.train.optimizer.rule;

import java.util.ArrayList;
import java.util.List;

/**
 * Adam (arXiv 1412.6980) and AMSGrad (openreview ryQu7f-RZ): {@code m = b1 m + (1-b1) g}, {@code v = b2 v + (1-b2)
 * g^2}, {@code p -= rate m' / (sqrt(v') + eps)} with bias-corrected m', v'. Plain AdamW has a kernel of its own, {@link
 * AdamW}.
 *
 * @param beta1 decay of the mean, 0 .. below 1
 * @param beta2 decay of the square, 0 .. below 1
 * @param epsilon added to the denominator, above 0
 * @param decoupled shrink the parameter (AdamW) instead of adding L2 to the gradient (Adam)
 * @param amsgrad divide by the largest v so far
 */
public record Adam(double beta1, double beta2, double epsilon, boolean decoupled, boolean amsgrad) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    List<StateSpec> state = new ArrayList<>();
    state.add(StateSpec.floats("exp_avg", shape));
    state.add(StateSpec.floats("exp_avg_sq", shape));
    if (amsgrad) {
      state.add(StateSpec.floats("max_exp_avg_sq", shape));
    }
    return state;
  }

  @Override
  public void move(HostMove m) {
    float[] mean = m.floats("exp_avg");
    float[] square = m.floats("exp_avg_sq");
    float[] largest = amsgrad ? m.floats("max_exp_avg_sq") : square;
    double size = m.rate() / (1 - Math.pow(beta1, m.step()));
    double root = Math.sqrt(1 - Math.pow(beta2, m.step()));
    if (decoupled) {
      m.shrink();
    }
    m.each(i -> {
      double g = decoupled ? m.gradient()[i] : m.decayed(i);
      mean[i] = (float) (beta1 * mean[i] + (1 - beta1) * g);
      square[i] = (float) (beta2 * square[i] + (1 - beta2) * g * g);
      largest[i] = Math.max(largest[i], square[i]);
      m.subtract(i, size * mean[i] / (Math.sqrt(largest[i]) / root + epsilon));
    });
  }
}
