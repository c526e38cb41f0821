package io.swiftjvm.data.parquet;

import java.nio.ByteBuffer;

/** DELTA_BINARY_PACKED: differences of neighbours, bit-packed in small blocks above a common minimum. */
final class Delta {
  private static final int MOST_BITS = 64;

  private Delta() {}

  static long[] read(ByteBuffer in, int most) {
    long block = ThriftStruct.varint(in);
    long parts = ThriftStruct.varint(in);
    long total = ThriftStruct.varint(in);
    if (parts <= 0 || block <= 0 || block % parts != 0 || total < 0 || total > most || block > 1 << 20) {
      throw new IllegalArgumentException("blocks of " + block + " in " + parts + " parts for " + total + " numbers");
    }
    int perPart = (int) (block / parts);
    long[] out = new long[(int) total];
    long value = ThriftStruct.zigzag(in);
    int at = 0;
    if (total > 0) {
      out[at++] = value;
    }
    while (at < total) {
      long least = ThriftStruct.zigzag(in);
      byte[] widths = new byte[(int) parts];
      in.get(widths);
      for (int part = 0; part < parts && at < total; part++) {
        int width = widths[part];
        if (width < 0 || width > MOST_BITS) {
          throw new IllegalArgumentException("differences of " + width + " bits");
        }
        int start = in.position();
        for (int i = 0; i < perPart && at < total; i++) {
          value += least + bits(in, start, (long) i * width, width);
          out[at++] = value;
        }
        in.position(start + (int) ((long) perPart * width / 8));
      }
    }
    return out;
  }

  private static long bits(ByteBuffer in, int start, long from, int width) {
    long out = 0;
    for (int i = 0; i < width; i++) {
      long bit = from + i;
      out |= (long) (in.get(start + (int) (bit >>> 3)) >>> (bit & 7) & 1) << i;
    }
    return out;
  }
}
