package io.swiftjvm.serve;

import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.List;

/**
 * Stands in the way of every pass through a model while it is shut, so that requests stay as they are, however fast the
 * machine is.
 */
final class Gate implements Linear {
  private final Linear inner;
  private boolean shut;

  private Gate(Linear inner) {
    this.inner = inner;
  }

  /** An open gate before the first projection of a model that nobody uses now. */
  static Gate of(CausalLm model) {
    Gate[] made = new Gate[1];
    model.replaceLinear(model.linears().keySet().iterator().next(), linear -> made[0] = new Gate(linear));
    return made[0];
  }

  synchronized void shut() {
    shut = true;
  }

  synchronized void open() {
    shut = false;
    notifyAll();
  }

  private synchronized void pass() {
    try {
      while (shut) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public Tensor forward(Pass pass, Tensor x) {
    pass();
    return inner.forward(pass, x);
  }

  @Override
  public long inFeatures() {
    return inner.inFeatures();
  }

  @Override
  public long outFeatures() {
    return inner.outFeatures();
  }

  @Override
  public List<Parameter> parameters() {
    return inner.parameters();
  }

  @Override
  public DenseLinear base() {
    return inner.base();
  }
}
