package io.swiftjvm.model;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;

/** An RMS norm with its weight of any float type. */
record Norm(Parameter weight, NormConfig config) {
  Tensor forward(Ops ops, Tensor x) {
    return ops.rmsNorm(x, weight.value(), config.shift(), config.eps());
  }
}
