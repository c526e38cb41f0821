package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.AdaptedLinear;
import java.util.ArrayList;
import java.util.List;

/** A projection with one adapter of any method around it. */
final class TunedLinear implements AdaptedLinear {
  private final Linear inner;
  private final String adapter;
  private final int number;
  private final LinearTuner tuner;
  private final List<Parameter> own;

  TunedLinear(Linear inner, String adapter, int number, LinearTuner tuner, List<Parameter> own) {
    this.inner = inner;
    this.adapter = adapter;
    this.number = number;
    this.tuner = tuner;
    this.own = List.copyOf(own);
  }

  @Override
  public TunedLinear around(Linear other) {
    return new TunedLinear(other, adapter, number, tuner, own);
  }

  @Override
  public Tensor forward(Pass pass, Tensor x) {
    return pass.adapters().contains(adapter) ? tuner.forward(new Call(pass, inner, number), x)
        : inner.forward(pass, x);
  }

  @Override
  public void merge(Backend backend, List<String> names, Tensor out) {
    start(backend, names, out);
    if (names.contains(adapter)) {
      try (Scope scope = new Scope(backend)) {
        Ops ops = new Ops(backend, null, scope);
        boolean transposed = base().transposed();
        Tensor w = tuner.weight(ops, transposed ? Layouts.transpose(ops, out) : out);
        backend.copy((transposed ? Layouts.transpose(ops, w) : w).view(out.shape()), out);
      }
    }
  }

  @Override
  public void mergeBias(Backend backend, List<String> names, Tensor out) {
    startBias(backend, names, out);
    if (names.contains(adapter)) {
      try (Scope scope = new Scope(backend)) {
        backend.copy(tuner.bias(new Ops(backend, null, scope), out).view(out.shape()), out);
      }
    }
  }

  @Override
  public Linear inner() {
    return inner;
  }

  @Override
  public List<String> adapters() {
    return List.of(adapter);
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(inner.parameters());
    all.addAll(own);
    return all;
  }
}
