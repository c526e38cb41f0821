package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.List;

/** What a {@link ModuleSpec} is about to do, or did, to a model. */
abstract class ModuleChange {
  private final IdentityHashMap<Parameter, Tensor> before = new IdentityHashMap<>();
  private final IdentityHashMap<Parameter, Boolean> trainable = new IdentityHashMap<>();

  /** Paths of the modules. */
  abstract List<String> modules();

  /** Puts the adapter's values in place; {@link #put} for each. */
  abstract void apply();

  /** Called when the gradients of the model's own parameters are there. */
  void differentiated(Gradients gradients) {}

  /** Called after the adapter's values changed. */
  void updated() {}

  final void put(Parameter parameter, Tensor value, boolean train) {
    before.put(parameter, parameter.value());
    trainable.put(parameter, parameter.trainable());
    parameter.replace(value);
    parameter.trainable(train);
  }

  /** Puts back what was there. */
  final void undo() {
    before.forEach((parameter, value) -> {
      parameter.trainable(false);
      parameter.replace(value);
      parameter.trainable(trainable.getOrDefault(parameter, false));
    });
    before.clear();
  }
}
