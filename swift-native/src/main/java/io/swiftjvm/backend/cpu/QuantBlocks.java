package io.swiftjvm.backend.cpu;

import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Quantised weights in Java, block by block as in {@code blocks.h} and {@code quantize.h}, to the same bits. */
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
    int n = type.block();
    long block = type.bytes(i / n * n);
    int at = (int) (i % n);
    if (type == DType.NF4) {
      float scale = x.get(ValueLayout.JAVA_FLOAT_UNALIGNED, block);
      return NF4[nibble(x, block + 4 + at / 32 * 16, at % 32)] * scale;
    }
    float scale = Float.float16ToFloat(x.get(ValueLayout.JAVA_SHORT_UNALIGNED, block));
    return (type == DType.Q4 ? nibble(x, block + 2, at) - 8 : x.get(ValueLayout.JAVA_BYTE, block + 2 + at)) * scale;
  }

  private static int nibble(MemorySegment x, long from, int at) {
    int b = x.get(ValueLayout.JAVA_BYTE, from + at % 16);
    return at < 16 ? b & 15 : b >> 4 & 15;
  }

  /** Blocks {@code [from, to)} of out. */
  static void quantize(MemorySegment x, DType type, MemorySegment out, DType outType, long from, long to) {
    int n = outType.block();
    float[] values = new float[n];
    for (long b = from; b < to; b++) {
      for (int j = 0; j < n; j++) {
        values[j] = Scalars.get(x, type, b * n + j);
      }
      long at = outType.bytes(b * n);
      switch (outType) {
        case Q8 -> q8(values, out, at);
        case Q4 -> q4(values, out, at);
        case NF4 -> nf4(values, out, at);
        default -> throw new IllegalArgumentException("not a quantised type: " + outType);
      }
    }
  }

  private static float largest(float[] x) {
    float most = 0;
    for (float v : x) {
      most = Math.max(most, Math.abs(v));
    }
    return most;
  }

  private static void q8(float[] x, MemorySegment out, long at) {
    short half = Float.floatToFloat16(largest(x) / 127);
    float scale = Float.float16ToFloat(half);
    float inverse = scale > 0 ? 1 / scale : 0;
    out.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, half);
    for (int j = 0; j < x.length; j++) {
      out.set(ValueLayout.JAVA_BYTE, at + 2 + j, (byte) Math.clamp(Math.rint(x[j] * inverse), -127, 127));
    }
  }

  private static int q4Code(float x, float inverse) {
    return (int) Math.clamp(Math.rint(x * inverse), -8, 7);
  }

  private static void q4(float[] x, MemorySegment out, long at) {
    float top = 0;
    for (float v : x) {
      top = Math.abs(v) > Math.abs(top) ? v : top;
    }
    short best = 0;
    float least = Float.POSITIVE_INFINITY;
    for (int t = 0; t < 6 && top != 0; t++) {
      short half = Float.floatToFloat16(top / (-8.0f + 0.35f * t));
      float scale = Float.float16ToFloat(half);
      float error = scale != 0 ? error(x, scale) : Float.POSITIVE_INFINITY;
      if (error < least) {
        least = error;
        best = half;
      }
    }
    float scale = Float.float16ToFloat(best);
    float inverse = scale != 0 ? 1 / scale : 0;
    out.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, best);
    for (int j = 0; j < 16; j++) {
      out.set(ValueLayout.JAVA_BYTE, at + 2 + j,
          (byte) (q4Code(x[j], inverse) + 8 | q4Code(x[16 + j], inverse) + 8 << 4));
    }
  }

  private static float error(float[] x, float scale) {
    float inverse = 1 / scale;
    float sum = 0;
    for (float v : x) {
      float d = v - q4Code(v, inverse) * scale;
      sum += d * d;
    }
    return sum;
  }

  private static void nf4(float[] x, MemorySegment out, long at) {
    float scale = largest(x);
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
