package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import java.util.HashMap;
import java.util.Map;

/** A rule on arrays: value, gradient and state are copied to the host, moved there, and copied back. */
public interface HostRule extends Rule {
  /** Moves the parameter and its state by one step. */
  void move(HostMove m);

  @Override
  default void update(Backend backend, Move move) {
    float[] value = Host.floats(backend, move.value());
    float[] gradient = Host.floats(backend, move.gradient());
    if (move.gradScale() != 1) {
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] *= move.gradScale();
      }
    }
    Map<String, Object> state = new HashMap<>();
    move.state().forEach((name, tensor) -> state.put(name,
        tensor.dtype() == DType.F32 ? Host.floats(backend, tensor) : Host.bytes(backend, tensor)));
    move(new HostMove(value, gradient, move.value().shape(), state, move.rate(), move.weightDecay(), move.step()));
    Host.put(backend, value, move.value());
    move.state().forEach((name, tensor) -> {
      if (state.get(name) instanceof float[] f) {
        Host.put(backend, f, tensor);
      } else if (state.get(name) instanceof byte[] b) {
        Host.put(backend, b, tensor);
      }
    });
  }
}
