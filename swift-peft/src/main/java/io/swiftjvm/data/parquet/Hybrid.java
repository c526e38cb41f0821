package io.swiftjvm.data.parquet;

import java.nio.ByteBuffer;

/** Parquet's mixture of run lengths and bit-packed groups of eight numbers, and plain bit-packing. */
final class Hybrid {
  private Hybrid() {}

  /** {@code count} numbers of {@code width} bits. */
  static int[] read(ByteBuffer in, int width, int count) {
    if (width < 0 || width > 32) {
      throw new IllegalArgumentException("numbers of " + width + " bits");
    }
    int[] out = new int[count];
    int at = 0;
    while (at < count && width > 0) {
      long head = ThriftStruct.varint(in);
      if ((head & 1) == 0) {
        int value = 0;
        for (int i = 0; i < (width + 7) / 8; i++) {
          value |= (in.get() & 0xff) << 8 * i;
        }
        int to = (int) Math.min(count, at + (head >>> 1));
        if (to == at) {
          throw new IllegalArgumentException("a run of no numbers");
        }
        while (at < to) {
          out[at++] = value;
        }
      } else {
        long groups = head >>> 1;
        for (long group = 0; group < groups && at < count; group++) {
          at = group(in, width, out, at);
        }
      }
    }
    return out;
  }

  /** Eight numbers, the lowest bits first; what lies behind the end of {@code out} is read over. */
  private static int group(ByteBuffer in, int width, int[] out, int at) {
    long bits = 0;
    int have = 0;
    int next = at;
    for (int i = 0; i < 8; i++) {
      while (have < width) {
        bits |= (in.hasRemaining() ? in.get() & 0xffL : 0) << have; // the last group of a page may be cut
        have += 8;
      }
      if (next < out.length) {
        out[next++] = (int) (bits & (1L << width) - 1);
      }
      bits >>>= width;
      have -= width;
    }
    return next;
  }
}
