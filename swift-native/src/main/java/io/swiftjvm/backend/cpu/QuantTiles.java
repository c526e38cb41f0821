package io.swiftjvm.backend.cpu;

import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** int8 and int4 weights in Java, tile by tile as in {@code tiles.h} and {@code quantize.h}, to the same bits. */
final class QuantTiles {
  private static final int ROWS = 16;
  private static final int COLUMNS = 32;
  /** What the largest element is multiplied by for the scales that are tried. */
  private static final float[] Q4_FACTOR = {-0.125f, -0.130718954f, -0.136986301f, -0.143884892f, -0.151515152f, -0.16f};

  private QuantTiles() {}

  private static long tile(DType type, long columns, long row, long column) {
    return (row / ROWS * Math.ceilDiv(columns, (long) COLUMNS) + column / COLUMNS) * type.bytes(ROWS, COLUMNS);
  }

  /** Where the byte of a code is; Q4 has column j + 16 in the high half of column j's. */
  private static long code(DType type, long tile, long row, int j) {
    int at = type == DType.Q8 ? j : j % 16;
    return tile + ROWS * 2 + at / 4 * 64 + row % ROWS * 4 + at % 4;
  }

  /** One element, widened. */
  static float get(MemorySegment x, DType type, long columns, long row, long column) {
    long tile = tile(type, columns, row, column);
    int j = (int) (column % COLUMNS);
    float scale = Float.float16ToFloat(x.get(ValueLayout.JAVA_SHORT_UNALIGNED, tile + row % ROWS * 2));
    int b = x.get(ValueLayout.JAVA_BYTE, code(type, tile, row, j)) & 255;
    return (type == DType.Q8 ? b - 128 : (j < 16 ? b & 15 : b >> 4) - 8) * scale;
  }

  /** Tiles {@code [from, to)} of out; what is beyond the edges of the matrix is 0. */
  static void quantize(
      MemorySegment x, DType type, long rows, long columns, MemorySegment out, DType outType, long from, long to) {
    long across = Math.ceilDiv(columns, (long) COLUMNS);
    float[] values = new float[COLUMNS];
    int[] codes = new int[COLUMNS];
    for (long t = from; t < to; t++) {
      long first = t / across * ROWS;
      long column = t % across * COLUMNS;
      long tile = tile(outType, columns, first, column);
      for (long row = first; row < first + ROWS; row++) {
        for (int j = 0; j < COLUMNS; j++) {
          boolean inside = row < rows && column + j < columns;
          values[j] = inside ? Scalars.get(x, type, row * columns + column + j) : 0;
        }
        short scale = outType == DType.Q8 ? q8(values, codes) : q4(values, codes);
        out.set(ValueLayout.JAVA_SHORT_UNALIGNED, tile + row % ROWS * 2, scale);
        for (int j = 0; j < (outType == DType.Q8 ? COLUMNS : COLUMNS / 2); j++) {
          int b = outType == DType.Q8 ? codes[j] + 128 : codes[j] + 8 | codes[j + 16] + 8 << 4;
          out.set(ValueLayout.JAVA_BYTE, code(outType, tile, row, j), (byte) b);
        }
      }
    }
  }

  /** Rounds 32 values to bytes; the float16 scale is returned. */
  static short q8(float[] x, int[] codes) {
    float most = 0;
    for (float v : x) {
      most = Math.max(most, Math.abs(v));
    }
    short half = Float.floatToFloat16(most / 127);
    float scale = Float.float16ToFloat(half);
    float inverse = scale > 0 ? 1 / scale : 0;
    for (int j = 0; j < x.length; j++) {
      codes[j] = (int) Math.clamp(Math.rint(x[j] * inverse), -127, 127);
    }
    return half;
  }

  /** The scale of a few that has the least squared error. */
  private static short q4(float[] x, int[] codes) {
    float high = 0;
    float low = 0;
    for (float v : x) {
      high = v > high ? v : high;
      low = v < low ? v : low;
    }
    float top = high >= -low ? high : low;
    short best = 0;
    float least = Float.POSITIVE_INFINITY;
    for (float factor : Q4_FACTOR) {
      short half = Float.floatToFloat16(top * factor);
      float scale = Float.float16ToFloat(half);
      float error = scale == 0 ? Float.POSITIVE_INFINITY : error(x, scale);
      if (error < least) {
        least = error;
        best = half;
      }
    }
    float scale = Float.float16ToFloat(best);
    for (int j = 0; j < x.length; j++) {
      codes[j] = scale == 0 ? 0 : code(x[j], 1 / scale);
    }
    return best;
  }

  private static int code(float x, float inverse) {
    return (int) Math.clamp(Math.rint(x * inverse), -8, 7);
  }

  /** Summed in the order of the native kernels. */
  private static float error(float[] x, float scale) {
    float[] e = new float[16];
    for (int j = 0; j < x.length; j++) {
      float d = Math.fma((float) -code(x[j], 1 / scale), scale, x[j]);
      e[j % 16] = j < 16 ? d * d : Math.fma(d, d, e[j % 16]);
    }
    for (int half = 8; half > 0; half /= 2) {
      for (int j = 0; j < half; j++) {
        e[j] += e[j + half];
      }
    }
    return e[0];
  }
}
