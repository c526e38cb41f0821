package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Layouts;
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

  /**
   * A method that adds {@code f(x)}, linear in x, without making the matrix of f.
   *
   * @param dropout share of inputs dropped in training
   * @param f of rows (n,in) to (n,out)
   */
  record Path(double dropout, Function f) implements LinearTuner {
    @Override
    public Tensor forward(Call call, Tensor x) {
      return call.ops().add(call.inner(x), f.apply(call.ops(), call.dropped(x, dropout)));
    }

    @Override
    public Tensor weight(Ops ops, Tensor w) {
      return ops.add(w, Layouts.transpose(ops, f.apply(ops, Constants.identity(ops, w.dim(1), w.dim(1)))));
    }
  }

  /** A differentiable function. */
  @FunctionalInterface
  interface Function {
    Tensor apply(Ops ops, Tensor x);
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
