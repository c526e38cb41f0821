package io.swiftjvm.backend.cpu;

import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** NF4 and float8 weights and int8 rows in Java, block by block as in {@code blocks.h} and {@code quantize.h}, to the same bits. */
final class QuantBlocks {
  private static final float[] NF4 = {-1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f,
      -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f, 0.07958029955625534f,
      0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f,
      0.7229568362236023f, 1.0f};
  private static final float[] NF4_MIDDLE = {-0.8480964004993439f, -0.6106329262256622f, -0.4599952697753906f,
      -0.33967943489551544f, -0.23460740596055984f, -0.13791173323988914f, -0.045525018125772476f,
      0.03979014977812767f, 0.1202552504837513f, 0.2035212516784668f, 0.2920137718319893f, 0.3893125355243683f,
      0.5016634166240692f, 0.6427869200706482f, 0.8614784181118011f};

  private QuantBlocks() {}

  /** One element, widened. */
  static float get(MemorySegment x, DType type, long i) {
    int size = type.block();
    long block = type.bytes(i / size * size);
    int at = (int) (i % size);
    if (type == DType.Q8_BLOCK) {
      return x.get(ValueLayout.JAVA_BYTE, block + 2 + at)
          * Float.float16ToFloat(x.get(ValueLayout.JAVA_SHORT_UNALIGNED, block));
    }
    if (type == DType.F8_BLOCK) {
      return Float8.widen(DType.F8_E4M3, x.get(ValueLayout.JAVA_BYTE, block + 4 + at))
          * x.get(ValueLayout.JAVA_FLOAT_UNALIGNED, block);
    }
    int b = x.get(ValueLayout.JAVA_BYTE, block + 4 + at / 32 * 16 + at % 16);
    float scale = x.get(ValueLayout.JAVA_FLOAT_UNALIGNED, block);
    return NF4[at % 32 < 16 ? b & 15 : b >> 4 & 15] * scale;
  }

  /** Blocks {@code [from, to)} of out; false if a weight is NaN or infinite. */
  static boolean quantize(MemorySegment x, DType type, MemorySegment out, DType outType, long from, long to) {
    int size = outType.block();
    float[] values = new float[size];
    QuantTiles.Group group = new QuantTiles.Group(size, 8, false);
    boolean numbers = true;
    for (long b = from; b < to; b++) {
      for (int j = 0; j < size; j++) {
        values[j] = Scalars.get(x, type, b * size + j);
        numbers &= outType == DType.Q8_BLOCK || Float.isFinite(values[j]);
      }
      long at = outType.bytes(b * size);
      if (outType == DType.NF4) {
        nf4(values, out, at);
        continue;
      }
      if (outType == DType.F8_BLOCK) {
        float8(values, out, at);
        continue;
      }
      group.round(values);
      out.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, group.scale);
      for (int j = 0; j < size; j++) {
        out.set(ValueLayout.JAVA_BYTE, at + 2 + j, (byte) group.codes[j]);
      }
    }
    return numbers;
  }

  /** The largest element becomes 448. */
  private static void float8(float[] x, MemorySegment out, long at) {
    float most = 0;
    for (float v : x) {
      most = Math.max(most, Math.abs(v));
    }
    float factor = 448 / most;
    if (!(factor < Float.POSITIVE_INFINITY)) {
      factor = 1;
    }
    out.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, 1 / factor);
    for (int j = 0; j < x.length; j++) {
      out.set(ValueLayout.JAVA_BYTE, at + 4 + j, Float8.round(DType.F8_E4M3, Math.clamp(x[j] * factor, -448f, 448f)));
    }
  }

  private static void nf4(float[] x, MemorySegment out, long at) {
    float scale = 0;
    for (float v : x) {
      scale = Math.max(scale, Math.abs(v));
    }
    float inverse = scale > 0 ? 1 / scale : 0;
    out.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, scale);
    for (int j = 0; j < 32; j++) {
      int i = j / 16 * 32 + j % 16;
      out.set(ValueLayout.JAVA_BYTE, at + 4 + j, (byte) (nf4Code(x[i] * inverse) | nf4Code(x[i + 16] * inverse) << 4));
    }
  }

  private static int nf4Code(float v) {
    int code = 0;
    for (float middle : NF4_MIDDLE) {
      code += v > middle ? 1 : 0;
    }
    return code;
  }
}
