package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@link AdamW} whose moments are kept in bf16, 4 bytes for each trained value instead of 8. A step is computed in
 * float32 and its moments are rounded to the nearest bf16.
 *
 * @param exact the rule of a step
 */
public record AdamWHalf(AdamW exact) implements Rule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return exact.state(shape).stream().map(part -> new StateSpec(part.name(), DType.BF16, part.shape())).toList();
  }

  @Override
  public void update(Backend backend, Move move) {
    try (Scope scope = new Scope(backend)) {
      Map<String, Tensor> wide = new LinkedHashMap<>();
      move.state().forEach((name, half) -> {
        Tensor floats = scope.floats(half.shape());
        backend.cast(half, floats);
        wide.put(name, floats);
      });
      exact.update(backend, new Move(move.value(), move.gradient(), wide, move.rate(), move.weightDecay(), move.step(),
          move.gradScale()));
      wide.forEach((name, floats) -> backend.cast(floats, Host.part(move.state(), name)));
    }
  }
}
