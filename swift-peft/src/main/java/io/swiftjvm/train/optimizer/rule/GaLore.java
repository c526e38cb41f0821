package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * GaLore (arXiv 2403.03507) for matrices: the gradient is projected on its leading singular vectors, an inner rule
 * moves in that small space, {@code p += rate scale back(move)}, and p is shrunk last, {@code p *= 1 - rate decay}.
 * What is kept is the vectors and the inner state, of the size of the projected gradient.
 *
 * {@snippet :
 * AdamW adam = new AdamW(0.9, 0.999, 1e-6);
 * Projector vectors = new Projector(Projection.STD, 128, 50, new SubspaceBasis(), null, null);
 * Rule rule = new GaLore(0.25, vectors, adam::uncorrected);
 * }
 *
 * @param scale factor of the update, above 0
 * @param projector makes and keeps the vectors
 * @param inner the rule of a step in the small space; its state must be the same for all steps
 */
public record GaLore(double scale, Projector projector, LongFunction<Rule> inner) implements Rule {
  @Override
  public List<StateSpec> state(long[] shape) {
    List<StateSpec> state = new ArrayList<>(inner.apply(1).state(projector.low(shape)));
    state.addAll(projector.state(shape));
    return state;
  }

  @Override
  public void update(Backend backend, Move move) {
    projector.refresh(backend, move);
    try (Scope scope = new Scope(backend)) {
      Projector.Sides sides = projector.sides(backend, scope, move);
      Tensor low = sides.project(backend, scope, move.gradient());
      Tensor change = scope.floats(low.shape());
      backend.fill(change, 0);
      Rule rule = inner.apply(move.step());
      Map<String, Tensor> own = new LinkedHashMap<>();
      for (StateSpec spec : rule.state(low.shape())) {
        own.put(spec.name(), Host.part(move.state(), spec.name()));
      }
      rule.update(backend, new Move(change, low, own, 1, 0, move.step(), move.gradScale()));
      sides.addBack(backend, scope, change, move.value(), (float) (move.rate() * scale));
    }
    if (move.weightDecay() != 0) {
      backend.scale(move.value(), (float) (1 - move.rate() * move.weightDecay()), move.value());
    }
  }
}
