package io.swiftjvm.train.optimizer.rule;

import java.util.Arrays;

/**
 * Dynamic tree quantisation to one byte with a largest value for each block (arXiv 2110.02861), the state format of
 * bitsandbytes: seven decades, the larger ones with more steps.
 *
 * @param values what the codes stand for, rising, within -1 .. 1
 */
record DynamicCode(float[] values) {
  /** Values that share one scale. */
  static final int BLOCK = 256;

  static final DynamicCode SIGNED = new DynamicCode(table(true));
  static final DynamicCode UNSIGNED = new DynamicCode(table(false));

  private static final int DECADES = 7;

  private static float[] table(boolean signed) {
    float[] table = new float[256];
    int n = 0;
    for (int decade = 0; decade < DECADES; decade++) {
      int steps = (signed ? 1 : 2) << decade;
      double unit = Math.pow(10, decade - (DECADES - 1));
      for (int i = 0; i < steps; i++) {
        float value = (float) (unit * (0.1 + 0.9 * (i + 0.5) / steps));
        table[n++] = value;
        if (signed) {
          table[n++] = -value;
        }
      }
    }
    table[n++] = 0;
    table[n] = 1;
    Arrays.sort(table);
    return table;
  }

  /** Blocks of {@code count} values. */
  static int blocks(long count) {
    return Math.toIntExact((count + BLOCK - 1) / BLOCK);
  }

  /** Unpacks one block. A fresh state has scale 0, so its codes do not matter. */
  void read(byte[] codes, float[] scales, int block, double[] out, int size) {
    for (int i = 0; i < size; i++) {
      out[i] = scales[block] * values[Byte.toUnsignedInt(codes[block * BLOCK + i])];
    }
  }

  /** Packs one block. */
  void write(double[] in, int size, byte[] codes, float[] scales, int block) {
    double largest = 0;
    for (int i = 0; i < size; i++) {
      largest = Math.max(largest, Math.abs(in[i]));
    }
    scales[block] = (float) largest;
    for (int i = 0; i < size; i++) {
      codes[block * BLOCK + i] = (byte) nearest(largest == 0 ? 0 : (float) (in[i] / largest));
    }
  }

  private int nearest(float x) {
    int at = Arrays.binarySearch(values, x);
    if (at >= 0) {
      return at;
    }
    int above = Math.min(-at - 1, values.length - 1);
    int below = Math.max(above - 1, 0);
    return x - values[below] < values[above] - x ? below : above;
  }
}
