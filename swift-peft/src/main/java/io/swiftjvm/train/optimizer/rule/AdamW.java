package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Tensor;
import java.util.List;

/**
 * AdamW in torch's form (arXiv 1711.05101), one fused kernel on the device: decay first, epsilon outside the bias
 * correction of the second moment. Both moments are float32, 8 bytes for each trained value.
 *
 * @param beta1 decay of the mean, 0 .. below 1
 * @param beta2 decay of the square, 0 .. below 1
 * @param epsilon added to the denominator, above 0
 */
public record AdamW(double beta1, double beta2, double epsilon) implements Rule {
  /**
   * The form of the first GaLore and of transformers' own AdamW: epsilon is added before the correction of the second
   * moment.
   */
  public AdamW uncorrected(long step) {
    return new AdamW(beta1, beta2, epsilon / Math.sqrt(1 - Math.pow(beta2, step)));
  }

  @Override
  public List<StateSpec> state(long[] shape) {
    return List.of(StateSpec.floats("exp_avg", shape), StateSpec.floats("exp_avg_sq", shape));
  }

  @Override
  public void update(Backend backend, Move move) {
    Tensor mean = Host.part(move.state(), "exp_avg");
    Tensor square = Host.part(move.state(), "exp_avg_sq");
    backend.adamW(move.value(), move.gradient(), mean, square, new AdamStep(
        (float) move.rate(), (float) beta1, (float) beta2, (float) epsilon, (float) move.weightDecay(),
        1 - Math.pow(beta1, move.step()), 1 - Math.pow(beta2, move.step()), move.gradScale()));
  }
}
