package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.model.BlockChange;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.Adapters;
import io.swiftjvm.tuner.AttachedAdapter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An adapter of any method but LoRA, attached to a model: its parameters, and the way to take it off. */
public final class TunerAdapter implements AttachedAdapter {
  private final CausalLm model;
  private final String name;
  private final TunerSpec spec;
  private final List<String> modules;
  private final AdapterTensors tensors;
  private final @Nullable ModuleChange change;
  private final @Nullable PassChange passes;
  private final @Nullable BlockChange blocks;
  private final @Nullable TrainingState training;

  TunerAdapter(
      CausalLm model, String name, TunerSpec spec, List<String> modules, AdapterTensors tensors,
      @Nullable ModuleChange change, @Nullable PassChange passes, @Nullable BlockChange blocks) {
    this.model = model;
    this.name = name;
    this.spec = spec;
    this.modules = List.copyOf(modules);
    this.tensors = tensors;
    this.change = change;
    this.passes = passes;
    this.blocks = blocks;
    this.training = tensors.trainable() && spec instanceof ProjectionSpec projections
        ? projections.training(model, parameters()) : null;
    model.attach(this);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public CausalLm model() {
    return model;
  }

  @Override
  public TunerSpec spec() {
    return spec;
  }

  @Override
  public @Nullable Double loraPlusRatio() {
    return spec.loraPlusRatio();
  }

  @Override
  public List<String> modules() {
    return modules;
  }

  @Override
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

  @Override
  public @Nullable String unmergeable() {
    return spec.unmergeable();
  }

  @Override
  public boolean changesBase() {
    return change != null;
  }

  @Override
  public @Nullable BlockChange blockChange() {
    return blocks;
  }

  /** True if passes must be made by {@link #pass}. */
  public boolean changesPasses() {
    return passes != null;
  }

  /** What a training adds to its loss, or null. */
  public @Nullable Tensor penalty(Ops ops) {
    return spec instanceof ProjectionSpec projections ? projections.penalty(ops, parameters()) : null;
  }

  /** Tokens that stand before every row of a batch. */
  public int virtualTokens() {
    return spec instanceof PromptSpec own && !own.keys() ? own.tokens() : 0;
  }

  /** Places before every row of a batch that are taken: those of virtual tokens, or of trained keys. */
  public int offset() {
    return spec instanceof PromptSpec own ? own.tokens() : 0;
  }

  /**
   * The pass that uses the adapter on packed rows. Only adapters that put something before a text or look at it first
   * need it; the rows must have {@link #virtualTokens()} tokens with ids from the end of the token table on, and
   * places from {@link #offset()} on.
   */
  public Pass pass(Pass pass, int[] ids, int[] positions, int[] cuSeqlens) {
    return passes == null || !pass.adapters().contains(name) ? pass : passes.pass(pass, ids, positions, cuSeqlens);
  }

  /**
   * The pass that uses the adapter on texts with a cache, each of which begins with {@link #offset()} ids from
   * {@code first}, the end of the token table, on.
   */
  public Pass continued(Pass pass, int[] ids, int[] positions, int first) {
    return passes == null || !pass.adapters().contains(name) ? pass : passes.continued(pass, ids, positions, first);
  }

  /** To be called when a training has all gradients of a step. */
  public void differentiated(Gradients gradients) {
    if (change != null) {
      change.differentiated(gradients);
    }
  }

  /**
   * To be called when step {@code step} (from 1) of {@code total} has changed the values of {@link #parameters()} by
   * {@code gradients} times {@code clip}.
   */
  public void updated(int step, int total, Gradients gradients, float clip) {
    if (training != null) {
      training.after(step, total, gradients, clip);
    }
    updated();
  }

  /** To be called when the values of {@link #parameters()} were changed. */
  public void updated() {
    if (change != null) {
      change.updated();
    }
    if (passes != null) {
      passes.updated(model.backend());
    }
  }

  void load(SafetensorsFile file, Path folder) {
    tensors.load(file);
    if (training != null) {
      training.load(folder);
    }
    updated();
  }

  void saveTraining(Path folder) {
    if (training != null) {
      training.save(folder);
    }
  }

  Map<String, AdapterTensors.Held> held() {
    return tensors.held();
  }

  @Override
  public void detach() {
    model.forget(name);
    if (change != null) {
      change.undo();
      return;
    }
    modules.forEach(path -> model.replaceLinear(path, linear -> Adapters.without(linear, name)));
  }

  @Override
  public String toString() {
    return modules.size() + " x " + spec + " '" + name + "'";
  }
}
