package io.swiftjvm.train.optimizer;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.Closing;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.optimizer.rule.Move;
import io.swiftjvm.train.optimizer.rule.Rule;
import io.swiftjvm.train.optimizer.rule.StateSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Applies a rule to every parameter and keeps the state.
 *
 * {@snippet :
 * Optimizer lion = new RuleOptimizer(backend, groups, parameter -> new Lion(0.9, 0.99));
 * }
 */
public final class RuleOptimizer implements Optimizer {
  /** A parameter with its state, which is not there while it does not learn. */
  private static final class Slot {
    private final Parameter parameter;
    private final ParamGroup group;
    private final Rule rule;
    private Scope scope;
    private Map<String, Tensor> state = Map.of();
    /** Updates since the state was zero: those that its bias corrections go by, as in torch. */
    private int updates;

    Slot(Parameter parameter, ParamGroup group, Rule rule, Backend backend) {
      this.parameter = parameter;
      this.group = group;
      this.rule = rule;
      scope = new Scope(backend);
    }
  }

  private static final String UPDATES = "updates";

  private final Backend backend;
  private final boolean paged;
  private final List<Slot> slots = new ArrayList<>();
  private long steps;
  private final Scope scope;
  /** The updates of every slot, for a checkpoint. */
  private final Tensor counts;

  /** An optimizer whose parameters each move by what {@code rules} gives for them. */
  public RuleOptimizer(Backend backend, List<ParamGroup> groups, Function<Parameter, Rule> rules) {
    this(backend, groups, rules, false);
  }

  private RuleOptimizer(Backend backend, List<ParamGroup> groups, Function<Parameter, Rule> rules, boolean paged) {
    this.backend = backend;
    this.paged = paged;
    if (paged && !backend.device().kind().equals("cpu")) {
      throw new InvalidPlanException("A paged optimizer was asked for on " + backend.device()
          + "; state is paged on the cpu only. Use an optim without paged_.");
    }
    scope = new Scope(backend);
    try {
      for (ParamGroup group : groups) {
        for (Parameter parameter : group.parameters()) {
          Slot slot = new Slot(parameter, group, rules.apply(parameter), backend);
          slots.add(slot);
          if (parameter.trainable()) {
            slot.state = zeros(slot);
          }
        }
      }
      counts = scope.tensor(DType.I32, slots.size());
    } catch (RuntimeException | Error e) {
      Closing.after(e, this);
      throw e;
    }
  }

  /** The optimizer that {@code spec} asks for. */
  public static RuleOptimizer of(Backend backend, OptimSpec spec, List<ParamGroup> groups) {
    return new RuleOptimizer(backend, groups, spec::rule, spec.paged());
  }

  private Map<String, Tensor> zeros(Slot slot) {
    Map<String, Tensor> state = new LinkedHashMap<>();
    for (StateSpec spec : slot.rule.state(slot.parameter.value().shape())) {
      if (paged) {
        Tensor mapped = PagedState.zeros(spec.dtype(), spec.shape());
        slot.scope.adopt(mapped.storage());
        state.put(spec.name(), mapped);
        continue;
      }
      Tensor zeros = slot.scope.tensor(spec.dtype(), spec.shape());
      if (spec.dtype() == DType.F32) {
        backend.fill(zeros, 0);
      } else {
        backend.upload(MemorySegment.ofArray(new byte[Math.toIntExact(zeros.bytes())]), zeros);
      }
      state.put(spec.name(), zeros);
    }
    return Collections.unmodifiableMap(state);
  }

  @Override
  public void step(Gradients gradients, double learningRate, float gradScale) {
    steps++;
    for (Slot slot : slots) {
      Tensor value = slot.parameter.value();
      Tensor gradient = gradients.get(value);
      if (gradient != null) {
        if (slot.state.isEmpty()) {
          slot.state = zeros(slot);
        }
        slot.updates++;
        slot.rule.update(backend, new Move(value.detached(), gradient, slot.state,
            learningRate * slot.group.rateFactor(), slot.group.weightDecay(), slot.updates, gradScale));
      }
    }
  }

  @Override
  public void keepTrainable() {
    for (Slot slot : slots) {
      if (!slot.parameter.trainable() && !slot.state.isEmpty()) {
        slot.scope.close();
        slot.scope = new Scope(backend);
        slot.state = Map.of();
        slot.updates = 0;
      } else if (slot.parameter.trainable() && slot.state.isEmpty()) {
        slot.state = zeros(slot);
      }
    }
  }

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> all = new LinkedHashMap<>();
    for (Slot slot : slots) {
      slot.state.forEach((name, tensor) -> all.put(slot.parameter.name() + "." + name, tensor));
    }
    backend.upload(MemorySegment.ofArray(slots.stream().mapToInt(slot -> slot.updates).toArray()), counts);
    all.put(UPDATES, counts);
    return Collections.unmodifiableMap(all);
  }

  @Override
  public void resumeAt(long at) {
    steps = at;
    int[] updates = counts.toInts();
    for (int i = 0; i < updates.length; i++) {
      slots.get(i).updates = updates[i];
    }
  }

  @Override
  public void close() {
    Closing.all(() -> Closing.each(slots, slot -> slot.scope.close()), scope);
  }
}
