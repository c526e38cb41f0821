package io.swiftjvm.train.optimizer;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * AdamW in torch's form (arXiv 1711.05101): decay first, epsilon outside the bias correction of the second moment. Both
 * moments are float32, 8 bytes for each trained value.
 */
public final class AdamW implements Optimizer {
  private record Slot(Parameter parameter, ParamGroup group, Tensor m, Tensor v) {}

  private final Backend backend;
  private final OptimSpec spec;
  private final Scope scope;
  private final List<Slot> slots = new ArrayList<>();
  private long steps;

  public AdamW(Backend backend, OptimSpec spec, List<ParamGroup> groups) {
    this.backend = backend;
    this.spec = spec;
    this.scope = new Scope(backend);
    for (ParamGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        slots.add(new Slot(parameter, group, zeros(parameter), zeros(parameter)));
      }
    }
  }

  private Tensor zeros(Parameter parameter) {
    Tensor zeros = scope.floats(parameter.value().shape());
    backend.fill(zeros, 0);
    return zeros;
  }

  @Override
  public void step(Gradients gradients, double learningRate, float gradScale) {
    steps++;
    double correction1 = 1 - Math.pow(spec.beta1(), steps);
    double correction2 = 1 - Math.pow(spec.beta2(), steps);
    for (Slot slot : slots) {
      Tensor value = slot.parameter().value();
      Tensor gradient = gradients.get(value);
      if (gradient != null) {
        backend.adamW(value.detached(), gradient, slot.m(), slot.v(), new AdamStep(
            (float) (learningRate * slot.group().rateFactor()), (float) spec.beta1(), (float) spec.beta2(),
            (float) spec.epsilon(), (float) slot.group().weightDecay(), correction1, correction2, gradScale));
      }
    }
  }

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    for (Slot slot : slots) {
      state.put(slot.parameter().name() + ".exp_avg", slot.m());
      state.put(slot.parameter().name() + ".exp_avg_sq", slot.v());
    }
    return Collections.unmodifiableMap(state);
  }

  @Override
  public void resumeAt(long at) {
    steps = at;
  }

  @Override
  public void close() {
    scope.close();
  }
}
