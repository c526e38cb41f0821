package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/** A rule on arrays: value, gradient and state are copied to the host, moved there, and copied back. */
public interface HostRule extends Rule {
  /** Moves the parameter and its state by one step. */
  void move(HostMove m);

  @Override
  default void update(Backend backend, Move move) {
    float[] value = floats(backend, move.value());
    float[] gradient = floats(backend, move.gradient());
    if (move.gradScale() != 1) {
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] *= move.gradScale();
      }
    }
    Map<String, Object> state = new HashMap<>();
    move.state().forEach((name, tensor) -> state.put(name,
        tensor.dtype() == DType.F32 ? floats(backend, tensor) : bytes(backend, tensor)));
    move(new HostMove(value, gradient, move.value().shape(), state, move.rate(), move.weightDecay(), move.step()));
    backend.upload(MemorySegment.ofArray(value), move.value());
    move.state().forEach((name, tensor) -> {
      Object host = state.get(name);
      backend.upload(host instanceof float[] f ? MemorySegment.ofArray(f) : MemorySegment.ofArray((byte[]) host), tensor);
    });
  }

  private static float[] floats(Backend backend, Tensor tensor) {
    float[] host = new float[Math.toIntExact(tensor.size())];
    backend.download(tensor, MemorySegment.ofArray(host));
    return host;
  }

  private static byte[] bytes(Backend backend, Tensor tensor) {
    byte[] host = new byte[Math.toIntExact(tensor.size())];
    backend.download(tensor, MemorySegment.ofArray(host));
    return host;
  }
}
