package io.swiftjvm.quant;

import java.util.Arrays;

/**
 * The signed dynamic 8-bit codes of bitsandbytes (arXiv 2110.02861): seven decades, each with twice as many values as
 * the
 * one below, zero and one.
 */
final class DynamicMap {
  private static final int DECADES = 7;

  private DynamicMap() {}

  /** The 256 values, ascending. */
  static float[] signed() {
    float[] values = new float[256];
    int at = 0;
    for (int i = 0; i < DECADES; i++) {
      int items = 1 << i;
      double decade = Math.pow(10, i - (DECADES - 1));
      for (int j = 0; j < items; j++) {
        double low = 0.1 + 0.9 * j / items;
        double high = 0.1 + 0.9 * (j + 1) / items;
        float mean = (float) (decade * (float) ((low + high) / 2));
        values[at++] = mean;
        values[at++] = -mean;
      }
    }
    values[at++] = 0;
    values[at] = 1;
    Arrays.sort(values);
    return values;
  }

  /** Index of the value nearest to {@code x}. */
  static int nearest(float[] map, float x) {
    int found = Arrays.binarySearch(map, x);
    if (found >= 0) {
      return found;
    }
    int above = -found - 1;
    if (above == 0 || above == map.length) {
      return above == 0 ? 0 : map.length - 1;
    }
    return x - map[above - 1] <= map[above] - x ? above - 1 : above;
  }
}
