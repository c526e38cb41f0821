package io.swiftjvm.train.optimizer.rule;

import java.util.Map;
import java.util.Objects;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** One step of one parameter in host memory; the arrays are changed in place. */
public final class HostMove {
  // Below this, starting other threads costs more than the arithmetic.
  private static final int PARALLEL = 1 << 16;

  private final float[] value;
  private final float[] gradient;
  private final long[] shape;
  private final Map<String, Object> state;
  private final double rate;
  private final double weightDecay;
  private final long step;

  HostMove(float[] value, float[] gradient, long[] shape, Map<String, Object> state, double rate, double weightDecay,
      long step) {
    this.value = value;
    this.gradient = gradient;
    this.shape = shape;
    this.state = state;
    this.rate = rate;
    this.weightDecay = weightDecay;
    this.step = step;
  }

  /** The parameter. */
  public float[] value() {
    return value;
  }

  /** Its clipped gradient; a rule may use it as scratch. */
  public float[] gradient() {
    return gradient;
  }

  /** Learning rate of this step and group. */
  public double rate() {
    return rate;
  }

  /** Weight decay of the group. */
  public double weightDecay() {
    return weightDecay;
  }

  /** 1 for the first step. */
  public long step() {
    return step;
  }

  /** The float32 state of a name. */
  public float[] floats(String name) {
    return (float[]) Objects.requireNonNull(state.get(name), name);
  }

  /** The codes of a name. */
  public byte[] codes(String name) {
    return (byte[]) Objects.requireNonNull(state.get(name), name);
  }

  /** True for two dimensions or more. */
  public boolean isMatrix() {
    return shape.length > 1;
  }

  /** Size of the last dimension. */
  public int columns() {
    return Math.toIntExact(shape[shape.length - 1]);
  }

  /** How many rows of {@link #columns()}. */
  public int rows() {
    return value.length / columns();
  }

  /** Runs {@code body} for each element, on several threads if there are many; elements must not touch each other. */
  public void each(IntConsumer body) {
    IntStream all = IntStream.range(0, value.length);
    (value.length < PARALLEL ? all : all.parallel()).forEach(body);
  }

  /** The gradient of element i with the decay as part of the loss (L2), as torch does where decay is not decoupled. */
  public double decayed(int i) {
    return gradient[i] + weightDecay * value[i];
  }

  /** Decoupled decay: {@code p *= 1 - rate * weightDecay}. */
  public void shrink() {
    if (weightDecay != 0) {
      float factor = (float) (1 - rate * weightDecay);
      each(i -> value[i] *= factor);
    }
  }

  /** Moves element i by {@code -amount}. */
  public void subtract(int i, double amount) {
    value[i] = (float) (value[i] - amount);
  }
}
