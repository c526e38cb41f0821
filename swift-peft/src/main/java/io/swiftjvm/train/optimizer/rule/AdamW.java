package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/**
 * AdamW in torch's form (arXiv 1711.05101), one fused kernel on the device: decay first, epsilon outside the bias
 * correction of the second moment. Both moments are float32, 8 bytes for each trained value.
 *
 * @param beta1 decay of the mean, 0 .. below 1
 * @param beta2 decay of the square, 0 .. below 1
 * @param epsilon added to the denominator, above 0
 */
public record AdamW(double beta1, double beta2, double epsilon) implements Rule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return List.of(StateSpec.floats("exp_avg", shape), StateSpec.floats("exp_avg_sq", shape));
  }

  @Override
  public void update(Backend backend, Move move) {
    backend.adamW(move.value(), move.gradient(), part(move, "exp_avg"), part(move, "exp_avg_sq"), new AdamStep(
        (float) move.rate(), (float) beta1, (float) beta2, (float) epsilon, (float) move.weightDecay(),
        1 - Math.pow(beta1, move.step()), 1 - Math.pow(beta2, move.step()), move.gradScale()));
  }

  private static Tensor part(Move move, String name) {
    return Objects.requireNonNull(move.state().get(name), name);
  }
}
