package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.HostMath;
import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.LoraAdapter;
import io.swiftjvm.tuner.Seeds;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The classifier of X-LoRA on a model, and the passes it weights. */
final class XLora implements PassChange {
  private static final String STEM = "internal_xlora_classifier.layers.";

  private record Layer(Parameter weight, Parameter bias) {}

  private final CausalLm model;
  private final XLoraSpec spec;
  private final String name;
  private final List<String> paths;
  private final List<Layer> layers = new ArrayList<>();

  XLora(AdapterTensors tensors, XLoraSpec spec, String name) {
    this.model = tensors.model();
    this.spec = spec;
    this.name = name;
    Set<String> touched = new LinkedHashSet<>();
    spec.adapters().keySet().forEach(adapter -> touched.addAll(LoraAdapter.of(model, adapter).modules()));
    paths = model.linears().keySet().stream().filter(touched::contains).toList();
    List<Integer> widths = spec.widths(model.config().hiddenSize(), paths.size());
    for (int i = 0; i + 1 < widths.size(); i++) {
      // Between two layers PEFT has a ReLU and, where there is one, a dropout; all of them are counted.
      String key = STEM + i * (spec.dropout() > 0 ? 3 : 2);
      Start start = Start.uniform(1 / Math.sqrt((double) widths.get(i)));
      layers.add(new Layer(
          tensors.parameter(AdapterTensors.PREFIX + key + ".weight", key + ".weight", true, start, widths.get(i + 1),
              widths.get(i)),
          tensors.parameter(AdapterTensors.PREFIX + key + ".bias", key + ".bias", true, start, widths.get(i + 1))));
    }
  }

  /** Projections that the adapters touch, in model order. */
  List<String> paths() {
    return paths;
  }

  /** Puts the weighting around every projection. */
  void apply() {
    for (int i = 0; i < paths.size(); i++) {
      int number = i;
      model.replaceLinear(paths.get(i), inner ->
          new XLoraLinear(inner, name, number, List.copyOf(spec.adapters().keySet()), (float) spec.weight()));
    }
  }

  @Override
  public Pass pass(Pass pass, int[] ids, int[] positions, int[] cuSeqlens) {
    Ops ops = pass.ops();
    int columns = paths.size() * spec.adapters().size();
    Tensor seen = ops.floats(ids.length, model.config().hiddenSize());
    try (Scope scope = ops.scope().child()) {
      Ops plain = new Ops(ops.backend(), null, scope);
      Tensor even = plain.floats(ids.length, columns);
      ops.backend().fill(even, (float) spec.firstPass());
      Pass first = new Pass(plain, new XLoraContext(new OwnLayers(pass.attention()), even), List.of(name), 0);
      ops.backend().copy(model.hidden(first, Layouts.ids(plain, ids), positions), seen);
    }
    return new Pass(ops, new XLoraContext(pass.attention(), weights(ops, seen, pass.dropoutKey())), pass.adapters(),
        pass.dropoutKey(), pass.recompute());
  }

  /** Weights (n, projections * adapters) of hidden states (n, width). */
  private Tensor weights(Ops ops, Tensor hidden, long dropoutKey) {
    Tensor x = hidden;
    for (int i = 0; i < layers.size(); i++) {
      Tensor in = x;
      if (i > 0) {
        in = ops.activation(Unary.RELU, x);
        in = dropoutKey == 0 ? in : ops.dropout(in, (float) spec.dropout(), Seeds.mix(dropoutKey, -1, i));
      }
      x = ops.linear(in, layers.get(i).weight().value(), layers.get(i).bias().value());
    }
    int classes = spec.adapters().size();
    long rows = x.size() / classes;
    if (spec.softmax()) {
      x = HostMath.softmax(ops, ops.scale(ops.reshape(x, rows, classes), (float) (1 / spec.temperature())));
    }
    long n = hidden.dim(0);
    if (!spec.layerwise()) {
      int[] again = new int[Math.toIntExact(n * paths.size())];
      for (int i = 0; i < again.length; i++) {
        again[i] = i / paths.size();
      }
      x = ops.selectRows(ops.reshape(x, n, classes), Layouts.ids(ops, again));
    }
    return ops.reshape(x, n, (long) paths.size() * classes);
  }
}
