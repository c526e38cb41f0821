package io.swiftjvm.infer;

import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Notices that a model is not the one any more over which passes were recorded. Thread-safe. */
final class Witness {
  private static final Parameter[] NONE = new Parameter[0];

  private final CausalLm model;
  private Parameter[] parameters = NONE;
  private @Nullable Tensor[] values = new Tensor[0];
  private int changes = -1;
  private int state;

  Witness(CausalLm model) {
    this.model = model;
  }

  /**
   * The state of the model: another number than before if passes may do something else now.
   *
   * @param closely whether to look at every weight, as is needed once nobody was bound to tell of a change
   */
  @SuppressWarnings("ReferenceEquality") // recordings know the memory of this very tensor
  synchronized int state(boolean closely) {
    boolean same = known();
    if (!same || closely) {
      for (int i = 0; i < values.length; i++) {
        Tensor value = parameters[i].value();
        // tuners may keep numbers of their own beside those that are trained
        same &= value == values[i] && !parameters[i].trainable();
        values[i] = value;
      }
    }
    state += same ? 0 : 1;
    return state;
  }

  /** True if the parameters are those of the last look. */
  private boolean known() {
    int now = model.changes();
    if (now == changes) {
      return true;
    }
    parameters = model.parameters().toArray(NONE);
    values = new Tensor[parameters.length];
    changes = now;
    return false;
  }

  /** The model was changed, whether that can be seen or not. */
  synchronized void changed() {
    changes = -1;
  }

  /** True if nothing is trained, so that the model may stay as it is for long. */
  synchronized boolean rests() {
    known();
    for (Parameter parameter : parameters) {
      if (parameter.trainable()) {
        return false;
      }
    }
    return true;
  }
}
