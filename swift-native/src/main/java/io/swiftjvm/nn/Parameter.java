package io.swiftjvm.nn;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;

/**
 * A named weight. The value may be replaced (widened for training, updated by a merge); trainable ones are float32.
 * Names are those of the checkpoint: {@code model.layers.0.self_attn.q_proj.weight}.
 */
public final class Parameter {
  private final String name;
  private Tensor value;
  private boolean trainable;

  /** A frozen parameter. */
  public Parameter(String name, Tensor value) {
    this.name = name;
    this.value = value.detached();
  }

  public String name() {
    return name;
  }

  /** The weight; wants a gradient while the parameter is trainable. */
  public Tensor value() {
    return value;
  }

  public boolean trainable() {
    return trainable;
  }

  /** Freezes or unfreezes; only float32 weights can be trained. */
  public void trainable(boolean on) {
    if (on && value.dtype() != DType.F32) {
      throw new IllegalStateException(
          "parameter " + name + " is " + value.dtype() + "; widen it to float32 before training it");
    }
    trainable = on;
    value = on ? value.tracked() : value.detached();
  }

  /** Replaces the weight by another of the same shape; the caller keeps the memory of both in order. */
  public void replace(Tensor newValue) {
    if (newValue.size() != value.size()) {
      throw new IllegalArgumentException("parameter " + name + " is " + value + ", not " + newValue);
    }
    value = trainable ? newValue.tracked() : newValue.detached();
  }

  @Override
  public String toString() {
    return name + " " + value + (trainable ? " trainable" : "");
  }
}
