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
    /** Scales that are tried, as factors of the largest element and, with a zero point, of the range. */
    private static final float[] TRIALS = {-0.138888896f, -0.128205135f, -0.121951222f, -0.116279073f};
    private static final float[] RANGES = {1, 0.95f, 0.9f, 0.85f, 0.8f, 0.75f};

    /** The float16 scale. */
    short scale;
    /** What is added to the codes when they are stored. */
    int zero;
    final int[] codes;
    private final int[] trial;
    /** The largest code, without a zero point. */
    private final int limit;
    private final int trials;
    private final boolean zeroPoint;

    Group(int size, int bits, boolean zeroPoint) {
      codes = new int[size];
      trial = new int[size];
      limit = (1 << bits - 1) - 1;
      trials = bits > 4 ? 1 : zeroPoint ? RANGES.length : TRIALS.length;
      this.zeroPoint = zeroPoint;
    }

    void round(float[] x) {
      int levels = 2 * limit + 1;
      float high = 0;
      float low = 0;
      for (float v : x) {
        high = v > high ? v : high;
        low = v < low ? v : low;
      }
      float top = high >= -low ? high : low;
      float least = Float.POSITIVE_INFINITY;
      scale = 0;
      zero = zeroPoint ? 0 : limit + 1;
      Arrays.fill(codes, 0);
      for (int t = 0; t < trials; t++) {
        short half = Float.floatToFloat16(
            zeroPoint ? (high - low) * RANGES[t] / levels : trials == 1 ? Math.abs(top) / limit : top * TRIALS[t]);
        float s = Float.float16ToFloat(half);
        if (s == 0) {
          continue;
        }
        int from = trials == 1 ? -limit : -limit - 1;
        int to = limit;
        if (zeroPoint) {
          from = (int) Math.max(Math.rint(low * RANGES[t] * (1 / s)), -levels);
          to = levels + from;
        }
        float error = error(x, s, from, to);
        if (error < least) {
          least = error;
          scale = half;
          zero = zeroPoint ? -from : zero;
          System.arraycopy(trial, 0, codes, 0, codes.length);
        }
      }
    }

    /** Squared, summed in the order of the columns, as the native kernels do. */
    private float error(float[] x, float s, int from, int to) {
      float error = 0;
      for (int j = 0; j < x.length; j++) {
        trial[j] = (int) Math.rint(Math.clamp(x[j] * (1 / s), from, to));
        float d = Math.fma((float) -trial[j], s, x[j]);
        error = Math.fma(d, d, error);
      }
      return error;
    }
  }
}
