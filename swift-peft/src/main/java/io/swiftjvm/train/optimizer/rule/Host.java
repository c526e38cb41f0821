package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Objects;

/** Copies between tensors and arrays. */
final class Host {
  private Host() {}

  static float[] floats(Backend backend, Tensor tensor) {
    float[] host = new float[Math.toIntExact(tensor.size())];
    backend.download(tensor, MemorySegment.ofArray(host));
    return host;
  }

  static byte[] bytes(Backend backend, Tensor tensor) {
    byte[] host = new byte[Math.toIntExact(tensor.bytes())];
    backend.download(tensor, MemorySegment.ofArray(host));
    return host;
  }

  static void put(Backend backend, float[] values, Tensor to) {
    backend.upload(MemorySegment.ofArray(values), to);
  }

  static void put(Backend backend, byte[] values, Tensor to) {
    backend.upload(MemorySegment.ofArray(values), to);
  }

  static Tensor part(Map<String, Tensor> state, String name) {
    return Objects.requireNonNull(state.get(name), name);
  }

  static float[] transpose(float[] x, int rows, int columns) {
    float[] out = new float[x.length];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        out[c * rows + r] = x[r * columns + c];
      }
    }
    return out;
  }
}
