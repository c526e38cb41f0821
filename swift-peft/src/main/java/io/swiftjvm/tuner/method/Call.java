package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.Seeds;

/**
 * One use of an adapted projection.
 *
 * @param pass how to compute
 * @param linear the projection underneath
 * @param number of the projection in the model, which seeds its dropout
 */
record Call(Pass pass, Linear linear, int number) {
  Ops ops() {
    return pass.ops();
  }

  /** What the projection underneath answers. */
  Tensor inner(Tensor x) {
    return linear.forward(pass, x);
  }

  /** x with dropout in training, else x. */
  Tensor dropped(Tensor x, double p) {
    boolean off = pass.dropoutKey() == 0 || p == 0;
    return off ? x : ops().dropout(x, (float) p, Seeds.mix(pass.dropoutKey(), number, 1));
  }
}
