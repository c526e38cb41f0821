package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.tensor.Tensor;

/** A method at work at one projection: the same arithmetic on activations and on the weight. */
interface LinearTuner {
  /** y (n,out) of x (n,in). */
  Tensor forward(Call call, Tensor x);

  /** The weight (out,in), float32, with the adapter in it. */
  Tensor weight(Ops ops, Tensor w);

  /** The bias (out) with the adapter in it. */
  default Tensor bias(Ops ops, Tensor b) {
    return b;
  }

  /** A method that adds something to the weight. */
  @FunctionalInterface
  interface Delta extends LinearTuner {
    /** What is added to the weight (out,in). */
    Tensor delta(Ops ops);

    @Override
    default Tensor forward(Call call, Tensor x) {
      Ops ops = call.ops();
      return ops.add(call.inner(x), ops.linear(x, delta(ops), null));
    }

    @Override
    default Tensor weight(Ops ops, Tensor w) {
      return ops.add(w, delta(ops));
    }
  }

  /** A method that adds {@code f(x)}, linear in x, and can be asked for f without ever making its matrix. */
  interface Path extends LinearTuner {
    /** f(x) of rows (n,in), after dropout. */
    Tensor path(Ops ops, Tensor x);

    /** Share of inputs dropped in training. */
    default double dropout() {
      return 0;
    }

    @Override
    default Tensor forward(Call call, Tensor x) {
      return call.ops().add(call.inner(x), path(call.ops(), call.dropped(x, dropout())));
    }
  }

  /** A method that changes the input by a linear map: {@code y = inner(x m)}. */
  @FunctionalInterface
  interface Input extends LinearTuner {
    /** Rows times m, or times m transposed. */
    Tensor turn(Ops ops, Tensor rows, boolean transposed);

    @Override
    default Tensor forward(Call call, Tensor x) {
      return call.inner(turn(call.ops(), x, false));
    }

    @Override
    default Tensor weight(Ops ops, Tensor w) {
      return turn(ops, w, true);
    }
  }
}
