package io.swiftjvm.data.parquet;

import io.swiftjvm.error.DatasetException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;

/** How pages are compressed. Snappy is decoded after its published format description; gzip is the JDK's. */
enum Codec {
  UNCOMPRESSED, SNAPPY, GZIP, LZO, BROTLI, LZ4, ZSTD, LZ4_RAW;

  static Codec of(int number) {
    if (number < 0 || number >= values().length) {
      throw new IllegalArgumentException("codec " + number + " is unknown");
    }
    return values()[number];
  }

  /** The {@code size} bytes that {@code in} unpacks to. */
  byte[] unpack(ByteBuffer in, int size) {
    byte[] packed = new byte[in.remaining()];
    in.get(packed);
    byte[] out = switch (this) {
      case UNCOMPRESSED -> packed;
      case SNAPPY -> snappy(packed, size);
      case GZIP -> gzip(packed, size);
      default -> throw new DatasetException("the pages are compressed with " + this + ", which is not read here. Write the "
          + "file with snappy or gzip, as in df.to_parquet(path, compression=\"snappy\").");
    };
    if (out.length != size) {
      throw new IllegalArgumentException("a page has " + out.length + " bytes instead of " + size);
    }
    return out;
  }

  private static byte[] gzip(byte[] packed, int size) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      return in.readNBytes(size);
    } catch (IOException e) {
      throw new IllegalArgumentException("a page is no gzip data: " + e.getMessage(), e);
    }
  }

  /** Literals and copies of what was written before, behind the length of all. */
  private static byte[] snappy(byte[] packed, int size) {
    ByteBuffer in = ByteBuffer.wrap(packed);
    // the same variable-length numbers; no copy gives more than 64 bytes for two
    if (ThriftStruct.varint(in) != size || size > 32L * packed.length) {
      throw new IllegalArgumentException("a page names another length than its header");
    }
    byte[] out = new byte[size];
    int at = 0;
    while (in.hasRemaining()) {
      int tag = in.get() & 0xff;
      int length = (tag >>> 2) + 1;
      int distance = 0;
      switch (tag & 3) {
        case 0 -> length = length > 60 ? little(in, length - 60) + 1 : length;
        case 1 -> {
          length = (tag >>> 2 & 7) + 4;
          distance = tag >>> 5 << 8 | in.get() & 0xff;
        }
        case 2 -> distance = little(in, 2);
        default -> distance = little(in, 4);
      }
      if ((tag & 3) == 0) {
        in.get(out, at, length);
      } else if (distance <= 0 || distance > at || length > size - at) {
        throw new IllegalArgumentException("a page refers to bytes outside itself");
      }
      for (int i = 0; distance > 0 && i < length; i++) { // byte by byte: a copy may overlap itself
        out[at + i] = out[at + i - distance];
      }
      at += length;
    }
    if (at != size) {
      throw new IllegalArgumentException("a page ends early");
    }
    return out;
  }

  private static int little(ByteBuffer in, int bytes) {
    int out = 0;
    for (int i = 0; i < bytes; i++) {
      out |= (in.get() & 0xff) << 8 * i;
    }
    return out;
  }
}
