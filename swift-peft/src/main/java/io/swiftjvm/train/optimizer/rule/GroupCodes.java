package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Vectors as 4-bit codes with a scale and a zero point for each group (Q-GaLore, arXiv 2407.08296): {@code x = (code -
 * zero) scale}, two codes in a byte, the first one low. The last group may be short.
 *
 * @param group values in a group, an even number of at least 2; default 256
 */
public record GroupCodes(int group) {
  private static final int LARGEST = 15;

  List<StateSpec> state(String name, long count) {
    long groups = (count + group - 1) / group;
    return List.of(StateSpec.codes(name + ".codes", (count + 1) / 2), StateSpec.floats(name + ".scales", groups),
        StateSpec.floats(name + ".zeros", groups));
  }

  void write(Backend backend, Map<String, Tensor> state, String name, float[] values) {
    byte[] codes = new byte[(values.length + 1) / 2];
    float[] scales = new float[(values.length + group - 1) / group];
    float[] zeros = new float[scales.length];
    for (int g = 0; g < scales.length; g++) {
      int to = Math.min(values.length, (g + 1) * group);
      float low = Float.POSITIVE_INFINITY;
      float high = Float.NEGATIVE_INFINITY;
      for (int i = g * group; i < to; i++) {
        low = Math.min(low, values[i]);
        high = Math.max(high, values[i]);
      }
      scales[g] = Math.max(high - low, 1e-5f) / LARGEST;
      zeros[g] = Math.clamp((float) -Math.rint(low / scales[g]), 0, LARGEST);
      for (int i = g * group; i < to; i++) {
        int code = (int) Math.clamp(Math.rint(values[i] / scales[g]) + zeros[g], 0, LARGEST);
        codes[i / 2] |= (byte) (code << (i % 2 * 4));
      }
    }
    Host.put(backend, codes, Host.part(state, name + ".codes"));
    Host.put(backend, scales, Host.part(state, name + ".scales"));
    Host.put(backend, zeros, Host.part(state, name + ".zeros"));
  }

  Tensor read(Backend backend, Scope scope, Map<String, Tensor> state, String name, long rows, long columns) {
    float[] values = new float[Math.toIntExact(rows * columns)];
    byte[] codes = Host.bytes(backend, Host.part(state, name + ".codes"));
    float[] scales = Host.floats(backend, Host.part(state, name + ".scales"));
    float[] zeros = Host.floats(backend, Host.part(state, name + ".zeros"));
    for (int i = 0; i < values.length; i++) {
      int code = codes[i / 2] >> (i % 2 * 4) & LARGEST;
      values[i] = (code - zeros[i / group]) * scales[i / group];
    }
    return scope.floats(values, rows, columns);
  }
}
