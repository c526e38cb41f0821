package io.swiftjvm.tuner;

import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A projection with low-rank adapters beside it: {@code y = inner(x) + sum over active adapters of scale * B A
 * dropout(x)}. Which are active is the pass's choice, so several callers can use different adapters at the same time.
 */
public final class LoraLinear implements AdaptedLinear {
  private final Linear inner;
  private final String path;
  private final int number;
  // Replaced as a whole, so that passes running meanwhile see the old or the new set.
  private volatile Map<String, LoraPart> parts = Map.of();

  LoraLinear(Linear inner, String path, int number) {
    this.inner = inner;
    this.path = path;
    this.number = number;
  }

  /** The module path in the model: {@code model.layers.0.self_attn.q_proj}. */
  public String path() {
    return path;
  }

  @Override
  public Linear inner() {
    return inner;
  }

  @Override
  public List<String> adapters() {
    return List.copyOf(parts.keySet());
  }

  /** The one in a chain of adapted projections, or null. */
  public static @Nullable LoraLinear in(Linear linear) {
    Linear at = linear;
    while (at instanceof AdaptedLinear adapted && !(at instanceof LoraLinear)) {
      at = adapted.inner();
    }
    return at instanceof LoraLinear lora ? lora : null;
  }

  @Override
  public LoraLinear around(Linear other) {
    LoraLinear copy = new LoraLinear(other, path, number);
    copy.parts = parts;
    return copy;
  }

  @Nullable LoraPart part(String adapter) {
    return parts.get(adapter);
  }

  synchronized void add(LoraPart part) {
    Map<String, LoraPart> next = new LinkedHashMap<>(parts);
    if (next.putIfAbsent(part.adapter(), part) != null) {
      throw new InvalidPlanException("An adapter named '" + part.adapter() + "' is already attached to " + path
          + ". Give the new one another name.");
    }
    parts = next;
  }

  /** Takes an adapter away; its memory goes back with the scope that it was made in. */
  synchronized void remove(String adapter) {
    Map<String, LoraPart> next = new LinkedHashMap<>(parts);
    next.remove(adapter);
    parts = next;
  }

  @Override
  public Tensor forward(Pass pass, Tensor x) {
    Ops ops = pass.ops();
    Map<String, LoraPart> now = parts;
    Tensor y = inner.forward(pass, x);
    int index = 0;
    for (String name : pass.adapters()) {
      LoraPart part = now.get(name);
      index++;
      if (part != null) {
        float p = pass.dropoutKey() == 0 ? 0 : (float) part.spec().dropout();
        Tensor in = p == 0 ? x : ops.dropout(x, p, Seeds.mix(pass.dropoutKey(), number, index));
        Invocation invocation = part.invocation();
        if (invocation != null) {
          in = Broadcasts.multiplyColumn(ops, in, invocation.mask(pass));
        }
        Tensor bias = part.bias() == null ? null : part.bias().value();
        LoraStart start = part.start();
        if (start != null) {
          y = ops.addLowRank(y, x, start.a(), start.b(), -part.scale());
        }
        y = ops.addLowRank(bias == null ? y : Broadcasts.addRow(ops, y, ops.scale(bias.detached(), part.scale())), in,
            part.a().value(), part.b().value(), part.scale());
      }
    }
    return y;
  }

  /** What an adapter adds to the answer to x alone; null if it is not here. */
  public @Nullable Tensor update(Pass pass, String adapter, Tensor x) {
    LoraPart part = parts.get(adapter);
    if (part == null) {
      return null;
    }
    if (part.bias() != null || part.start() != null) {
      throw new InvalidPlanException("The adapter '" + adapter + "' has lora_bias or starts inside the weight, so it "
          + "cannot be weighted by token. Use a plain LoRA.");
    }
    Ops ops = pass.ops();
    float p = pass.dropoutKey() == 0 ? 0 : (float) part.spec().dropout();
    Tensor in = p == 0 ? x : ops.dropout(x, p, Seeds.mix(pass.dropoutKey(), number, adapter.hashCode()));
    return ops.scale(ops.linear(ops.linear(in, part.a().value(), null), part.b().value(), null), part.scale());
  }

  @Override
  public void merge(Backend backend, List<String> names, Tensor out) {
    start(backend, names, out);
    for (String name : names) {
      LoraPart part = parts.get(name);
      if (part != null) {
        LoraStart start = part.start();
        if (start != null) {
          addProduct(backend, start.a(), start.b(), -part.scale(), out);
        }
        addProduct(backend, part.a().value().detached(), part.b().value().detached(), part.scale(), out);
      }
    }
  }

  private void addProduct(Backend backend, Tensor a, Tensor b, float scale, Tensor out) {
    if (base().transposed()) {
      backend.matmul(a, true, b, true, out, scale, 1);
    } else {
      backend.matmul(b, false, a, false, out, scale, 1);
    }
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(inner.parameters());
    parts.values().forEach(part -> all.addAll(part.parameters()));
    return all;
  }
}
