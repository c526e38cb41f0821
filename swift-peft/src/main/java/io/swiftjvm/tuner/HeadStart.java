package io.swiftjvm.tuner;

import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;

/** The start of a new classifier's head: a normal with the model's {@code initializer_range}, as in transformers. */
public final class HeadStart {
  private static final double USUAL = 0.02;

  private HeadStart() {}

  /** Fills the head of a model that was loaded with a new one; the values depend on the seed alone. */
  public static void fill(CausalLm model, long seed) {
    if (model.replacedHead() == null) {
      return;
    }
    Parameter weight = model.linears().values().stream().toList().getLast().base().weight();
    double deviation = model.source().number("initializer_range", 0, Double.MAX_VALUE, USUAL);
    Seeds random = Seeds.of(seed, weight.name());
    float[] values = new float[Math.toIntExact(weight.value().size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.normal());
    }
    try (Scope scope = new Scope(model.backend())) {
      Tensor start = scope.floats(values, weight.value().shape());
      model.backend().copy(start, weight.value().detached());
    }
  }
}
