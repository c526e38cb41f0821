package io.swiftjvm.tuner.method;

import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tuner.Adapters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An adapter of any method but LoRA, attached to a model: its parameters, and the way to take it off. */
public final class TunerAdapter {
  private final CausalLm model;
  private final String name;
  private final TunerSpec spec;
  private final List<String> modules;
  private final AdapterTensors tensors;

  TunerAdapter(CausalLm model, String name, TunerSpec spec, List<String> modules, AdapterTensors tensors) {
    this.model = model;
    this.name = name;
    this.spec = spec;
    this.modules = List.copyOf(modules);
    this.tensors = tensors;
  }

  public String name() {
    return name;
  }

  public CausalLm model() {
    return model;
  }

  /** What the adapter was made from. */
  public TunerSpec spec() {
    return spec;
  }

  /** Paths of the projections it is attached to, in model order. */
  public List<String> modules() {
    return modules;
  }

  /** The trained tensors, always in the same order. */
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    tensors.held().values().forEach(held -> {
      Parameter parameter = held.parameter();
      if (parameter != null && held.learnt()) {
        all.add(parameter);
      }
    });
    return all;
  }

  /** Number of trained values. */
  public long size() {
    return parameters().stream().mapToLong(p -> p.value().size()).sum();
  }

  AdapterTensors tensors() {
    return tensors;
  }

  Map<String, AdapterTensors.Held> held() {
    return tensors.held();
  }

  /** Takes the adapter off the model; its memory goes back with the model. */
  public void detach() {
    modules.forEach(path -> model.replaceLinear(path, linear -> Adapters.without(linear, name)));
  }

  @Override
  public String toString() {
    return modules.size() + " x " + spec + " '" + name + "'";
  }
}
