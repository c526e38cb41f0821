package io.swiftjvm.model;

import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A norm with its weight of any float type. */
record Norm(Parameter weight, @Nullable Parameter bias, NormConfig config) {
  Tensor forward(Ops ops, Tensor x) {
    if (config.centered()) {
      return Broadcasts.layerNorm(ops, x, weight.value(), bias == null ? null : bias.value(), config.eps());
    }
    return ops.rmsNorm(x, weight.value(), config.shift(), config.eps());
  }

  List<Parameter> parameters() {
    return bias == null ? List.of(weight) : List.of(weight, bias);
  }
}
