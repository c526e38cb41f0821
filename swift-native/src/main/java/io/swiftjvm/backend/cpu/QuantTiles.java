package io.swiftjvm.backend.cpu;

import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** int8, int6 and int4 weights in Java, tile by tile as in {@code tiles.h} and {@code quantize.h}, to the same bits. */
final class QuantTiles {
  private static final int ROWS = 16;
  private static final int COLUMNS = 32;

  private QuantTiles() {}

  private static long tile(DType type, long columns, long row, long column) {
    return (row / ROWS * Math.ceilDiv(columns, (long) type.block()) + column / type.block()) * type.bytes(ROWS, type.block());
  }

  private static int middle(DType type) {
    return 1 << type.tileBits() - 1;
  }

  /** Where the byte of a code is, of 6 bits of its low four; of 4 and 6 bits column j + 16 has the high half of column j's. */
  private static long code(DType type, long tile, long row, int column) {
    int part = column / COLUMNS;
    int j = column % COLUMNS;
    int at = type.tileBits() == 8 ? j : j % 16;
    return tile + ROWS * (type.hasZeroPoint() ? 3 : 2) + part * (type.tileBits() * 64L) + at / 4 * 64 + row % ROWS * 4 + at % 4;
  }

  /** Of 6 bits: where the byte with the high two of column j's code is, two for each of the columns j, j + 4, j + 8, j + 12. */
  private static long high(long tile, long row, int column) {
    return tile + ROWS * 2 + 256 + column / 16 * 64L + row % ROWS * 4 + column % 4;
  }

  /** One element, widened. */
  static float get(MemorySegment x, DType type, long columns, long row, long column) {
    long tile = tile(type, columns, row, column);
    int j = (int) (column % type.block());
    float scale = Float.float16ToFloat(x.get(ValueLayout.JAVA_SHORT_UNALIGNED, tile + row % ROWS * 2));
    int zero = type.hasZeroPoint() ? x.get(ValueLayout.JAVA_BYTE, tile + ROWS * 2 + row % ROWS) & 255
        : middle(type);
    int b = x.get(ValueLayout.JAVA_BYTE, code(type, tile, row, j)) & 255;
    if (type.tileBits() < 8) {
      b = j % COLUMNS < 16 ? b & 15 : b >> 4;
    }
    if (type.tileBits() == 6) {
      b |= (x.get(ValueLayout.JAVA_BYTE, high(tile, row, j)) >> j % 16 / 4 * 2 & 3) << 4;
    }
    return (b - zero) * scale;
  }

  /** Tiles {@code [from, to)} of out, 0 beyond the edges of the matrix; false if a weight is NaN or infinite. */
  static boolean quantize(
      MemorySegment x, DType type, long rows, long columns, MemorySegment out, DType outType, long from, long to) {
    int size = outType.block();
    long across = Math.ceilDiv(columns, (long) size);
    float[] values = new float[size];
    Group group = new Group(size, outType.tileBits(), outType.hasZeroPoint());
    boolean numbers = true;
    for (long t = from; t < to; t++) {
      long first = t / across * ROWS;
      long column = t % across * size;
      long tile = tile(outType, columns, first, column);
      for (long row = first; row < first + ROWS; row++) {
        for (int j = 0; j < size; j++) {
          boolean inside = row < rows && column + j < columns;
          values[j] = inside ? Scalars.get(x, type, row * columns + column + j) : 0;
          numbers &= Float.isFinite(values[j]);
        }
        group.round(values);
        out.set(ValueLayout.JAVA_SHORT_UNALIGNED, tile + row % ROWS * 2, group.scale);
        if (outType.hasZeroPoint()) {
          out.set(ValueLayout.JAVA_BYTE, tile + ROWS * 2 + row % ROWS, (byte) group.zero);
        }
        for (int j = 0; j < size; j++) {
          int b = group.codes[j] + group.zero;
          if (outType.tileBits() == 8) {
            out.set(ValueLayout.JAVA_BYTE, code(outType, tile, row, j), (byte) b);
          } else if (j % COLUMNS < 16) {
            int other = group.codes[j + 16] + group.zero;
            out.set(ValueLayout.JAVA_BYTE, code(outType, tile, row, j), (byte) (b & 15 | other << 4));
          }
        }
        for (int j = 0; outType.tileBits() == 6 && j < COLUMNS; j++) {
          int bits = group.codes[j] + group.zero >> 4 << j % 16 / 4 * 2;
          long at = high(tile, row, j);
          out.set(ValueLayout.JAVA_BYTE, at, (byte) (j % 16 < 4 ? bits : out.get(ValueLayout.JAVA_BYTE, at) | bits));
        }
      }
    }
    return numbers;
  }

  /** Rounds one group after the other: x is nearly {@code scale codes}. */
  static final class Group {
    /** With a zero point: shares of the range that the codes are spread over. */
    private static final float[] RANGES = {1, 0.95f, 0.9f, 0.85f, 0.8f, 0.75f};
    /** Added to a float it leaves the whole number next to it in the low bits, ties to even. */
    private static final float WHOLE = 0x1.8p23f;

    /** The float16 scale. */
    short scale;
    /** What is added to the codes when they are stored. */
    int zero;
    final int[] codes;
    /** The largest code, without a zero point. */
    private final int limit;
    private final int bits;
    private final boolean zeroPoint;

    Group(int size, int bits, boolean zeroPoint) {
      codes = new int[size];
      limit = (1 << bits - 1) - 1;
      this.bits = bits;
      this.zeroPoint = zeroPoint;
    }

    void round(float[] x) {
      float high = 0;
      float low = 0;
      for (float v : x) {
        high = v > high ? v : high;
        low = v < low ? v : low;
      }
      scale = 0;
      zero = zeroPoint ? 0 : limit + 1;
      Arrays.fill(codes, 0);
      if (zeroPoint) {
        spread(x, high, low);
        return;
      }
      float wanted = bits == 4 ? scale4(x, high, low) : Math.max(high, -low) / limit;
      use(x, Float.floatToFloat16(wanted), bits == 4 ? -limit - 1 : -limit, limit);
    }

    /** Takes codes between two bounds and this scale, if there is such a float16. */
    private void use(float[] x, short half, int from, int to) {
      float s = Float.float16ToFloat(half);
      if (s == 0 || !Float.isFinite(s)) {
        return;
      }
      scale = half;
      for (int j = 0; j < x.length; j++) {
        codes[j] = (int) code(x[j], s, from, to);
      }
    }

    private static float code(float v, float s, int from, int to) {
      return (float) Math.rint(Math.clamp(v * (1 / s), from, to));
    }

    /** The least-squares scale for the better of two first roundings ({@code scale_4} of the native kernels). */
    private static float scale4(float[] x, float high, float low) {
      float large = Math.max(high, -low);
      float other = Math.min(high, -low);
      float sign = high >= -low ? -1 : 1;
      boolean fits = large > 0x1p-40f && large < 0x1p40f;
      float one = fits ? sign / Math.max(large * (1 / 8.1f), other * (1 / 7.4f)) : 0;
      float two = fits ? sign / (large * (1 / 8.45f)) : 0;
      float xq1 = 0;
      float qq1 = 0;
      float xq2 = 0;
      float qq2 = 0;
      for (float v : x) {
        float q1 = Math.fma(v, one, WHOLE) - WHOLE;
        float q2 = Math.min(Math.fma(v, two, WHOLE), WHOLE + 7) - WHOLE;
        xq1 = Math.fma(v, q1, xq1);
        qq1 += q1 * q1;
        xq2 = Math.fma(v, q2, xq2);
        qq2 += q2 * q2;
      }
      boolean second = xq2 * xq2 * qq1 > xq1 * xq1 * qq2;
      return (second ? xq2 : xq1) / Math.max(second ? qq2 : qq1, 1);
    }

    /** With a zero point: the share of the range with the least squared error. */
    private void spread(float[] x, float high, float low) {
      int levels = 2 * limit + 1;
      float least = Float.POSITIVE_INFINITY;
      for (int t = 0; t < (bits > 4 ? 1 : RANGES.length); t++) {
        short half = Float.floatToFloat16((high - low) * RANGES[t] / levels);
        float s = Float.float16ToFloat(half);
        if (s == 0 || !Float.isFinite(s)) {
          continue;
        }
        int from = (int) Math.max(Math.rint(low * RANGES[t] * (1 / s)), -levels);
        float error = error(x, s, from, levels + from);
        if (error < least) {
          least = error;
          zero = -from;
          use(x, half, from, levels + from);
        }
      }
    }

    /** Squared, summed in the order of the columns, as the native kernels do. */
    private static float error(float[] x, float s, int from, int to) {
      float error = 0;
      for (float v : x) {
        float d = Math.fma(-code(v, s, from, to), s, v);
        error = Math.fma(d, d, error);
      }
      return error;
    }
  }
}
