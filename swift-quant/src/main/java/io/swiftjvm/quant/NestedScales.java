package io.swiftjvm.quant;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Double quantisation as in bitsandbytes: scales less their mean, in bytes with a scale for 256 of them. */
final class NestedScales {
  private static final int NESTED = 256;

  private NestedScales() {}

  static void quantise(Backend backend, Tensor packed) {
    byte[] bytes = new byte[Math.toIntExact(packed.bytes())];
    MemorySegment blocks = MemorySegment.ofArray(bytes);
    backend.download(packed, blocks);
    int step = Math.toIntExact(DType.NF4.bytes(DType.NF4.block()));
    float[] scales = new float[bytes.length / step];
    double sum = 0;
    for (int i = 0; i < scales.length; i++) {
      scales[i] = blocks.get(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) i * step);
      sum += scales[i];
    }
    float offset = (float) (sum / scales.length);
    float[] map = DynamicMap.signed();
    for (int from = 0; from < scales.length; from += NESTED) {
      int to = Math.min(scales.length, from + NESTED);
      float most = 0;
      for (int i = from; i < to; i++) {
        most = Math.max(most, Math.abs(scales[i] - offset));
      }
      for (int i = from; i < to; i++) {
        float code = most == 0 ? 0 : map[DynamicMap.nearest(map, (scales[i] - offset) / most)];
        blocks.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) i * step, code * most + offset);
      }
    }
    backend.upload(blocks, packed);
  }
}
