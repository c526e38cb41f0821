package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.tensor.Tensor;
import java.util.Map;

/**
 * One step of one parameter.
 *
 * @param value float32 parameter, changed in place
 * @param gradient of the same shape, before {@code gradScale}
 * @param state by {@link StateSpec#name()}, changed in place
 * @param rate learning rate of this step and group
 * @param weightDecay of the group
 * @param step 1 for the first
 * @param gradScale the gradient is multiplied by this first
 */
public record Move(
    Tensor value, Tensor gradient, Map<String, Tensor> state, double rate, double weightDecay, long step,
    float gradScale) {}
