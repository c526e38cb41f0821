package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.AdaptedLinear;
import io.swiftjvm.tuner.LoraLinear;
import java.util.List;

/** A projection whose LoRA adapters are weighted for every token by the pass. */
final class XLoraLinear implements AdaptedLinear {
  private final Linear inner;
  private final String name;
  private final int number;
  private final List<String> mixed;
  private final float weight;

  XLoraLinear(Linear inner, String name, int number, List<String> mixed, float weight) {
    this.inner = inner;
    this.name = name;
    this.number = number;
    this.mixed = List.copyOf(mixed);
    this.weight = weight;
  }

  @Override
  public Tensor forward(Pass pass, Tensor x) {
    if (!pass.adapters().contains(name)) {
      return inner.forward(pass, x);
    }
    if (!(pass.attention() instanceof XLoraContext context)) {
      throw new IllegalStateException("the pass has no weights for '" + name + "'; make it with TunerAdapter.pass");
    }
    Ops ops = pass.ops();
    Tensor y = inner.forward(pass.adapters(pass.adapters().stream().filter(a -> !mixed.contains(a)).toList()), x);
    LoraLinear lora = LoraLinear.in(inner);
    for (int i = 0; i < mixed.size() && lora != null; i++) {
      Tensor update = lora.update(pass, mixed.get(i), x);
      if (update != null) {
        Tensor share = Slices.columns(ops, context.weights(), (long) number * mixed.size() + i, 1);
        y = ops.add(y, ops.scale(Broadcasts.multiplyColumn(ops, update, share), weight));
      }
    }
    return y;
  }

  @Override
  public void merge(Backend backend, List<String> names, Tensor out) {
    if (names.contains(name)) {
      throw new InvalidPlanException("The adapter '" + name + "' is an X-LoRA, which weights its adapters by token and "
          + "cannot be merged. Merge one of " + mixed + " instead.");
    }
    start(backend, names, out);
  }

  @Override
  public XLoraLinear around(Linear other) {
    return new XLoraLinear(other, name, number, mixed, weight);
  }

  @Override
  public Linear inner() {
    return inner;
  }

  @Override
  public List<String> adapters() {
    return List.of(name);
  }

  @Override
  public List<Parameter> parameters() {
    return inner.parameters();
  }
}
