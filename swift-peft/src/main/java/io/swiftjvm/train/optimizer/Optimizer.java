package io.swiftjvm.train.optimizer;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.tensor.Tensor;
import java.util.Map;

/** Changes parameters by their gradients; owns its state until closed. Used by one thread. */
public interface Optimizer extends AutoCloseable {
  /**
   * One update of every parameter that has a gradient.
   *
   * @param learningRate rate of this step, before group factors
   * @param gradScale gradients are multiplied by this first (clipping)
   */
  void step(Gradients gradients, double learningRate, float gradScale);

  /** Only the parameters that are trainable now learn from here on; the state of the others is given up. */
  void keepTrainable();

  /** Updates made so far. */
  long steps();

  /** State tensors by file name ({@code <parameter>.exp_avg}), in a fixed order; live, not copies. */
  Map<String, Tensor> state();

  /** Continues after {@code steps} updates; the caller has filled the tensors of {@link #state()}. */
  void resumeAt(long steps);

  @Override
  void close();
}
