package io.swiftjvm.data.parquet;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Walks over the values of one column of a row group, with their levels; one page is in memory. */
final class ColumnCursor {
  private static final int DICTIONARY_PAGE = 2;
  private static final int DATA_PAGE = 0;
  private static final int DATA_PAGE_V2 = 3;
  private static final int LARGEST_PAGE = 1 << 30;
  private static final int MOST_VALUES = 1 << 24;
  private static final int RLE = 3;

  private final MemorySegment file;
  private final SchemaNode leaf;
  private final Codec codec;
  private final long end;
  private long left;
  private long at;
  private Object @Nullable [] dictionary;
  private int[] definitions = {};
  private int[] repeats = {};
  private @Nullable Object[] values = {};
  private int entry = -1;
  private int value = -1;

  /** {@code chunk} is the column's metadata. */
  ColumnCursor(MemorySegment file, SchemaNode leaf, ThriftStruct chunk) {
    this.file = file;
    this.leaf = leaf;
    codec = Codec.of(chunk.integer(4));
    left = chunk.number(5);
    long data = chunk.number(9);
    long first = chunk.fields().containsKey(11) ? chunk.number(11) : data;
    at = first > 0 && first < data ? first : data;
    end = Math.addExact(at, chunk.number(7));
    if (at < 4 || end > file.byteSize() || left < 0) {
      throw new IllegalArgumentException("column " + leaf.name() + " lies outside the file");
    }
    advance();
  }

  /** True when no value is left. */
  boolean ended() {
    return entry >= definitions.length;
  }

  int definition() {
    return definitions[entry];
  }

  int repeat() {
    return repeats[entry];
  }

  /** The value; only where {@link #definition} is the leaf's own. */
  @Nullable Object value() {
    return values[value];
  }

  /** Goes to the next value or gap. */
  void advance() {
    entry++;
    while (entry >= definitions.length && left > 0) {
      page();
    }
    if (!ended() && definition() == leaf.definition()) {
      value++;
    }
  }

  private void page() {
    ByteBuffer head = slice(at, Math.min(end - at, 1 << 16));
    ThriftStruct header = ThriftStruct.read(head);
    int size = header.integer(2);
    int packed = header.integer(3);
    long start = at + head.position();
    if (size < 0 || packed < 0 || size > LARGEST_PAGE || packed > end - start) {
      throw new IllegalArgumentException("a page of column " + leaf.name() + " names a size of " + packed + " and " + size + " bytes");
    }
    ByteBuffer body = slice(start, packed);
    at = start + packed;
    switch (header.integer(1)) {
      case DICTIONARY_PAGE -> dictionary(header.struct(7), unpacked(body, size));
      case DATA_PAGE -> first(header.struct(5), unpacked(body, size));
      case DATA_PAGE_V2 -> second(header.struct(8), body, size);
      default -> { } // an index page has no values
    }
  }

  private ByteBuffer slice(long from, long size) {
    return file.asSlice(from, size).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  private ByteBuffer unpacked(ByteBuffer body, int size) {
    return ByteBuffer.wrap(codec.unpack(body, size)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void dictionary(ThriftStruct header, ByteBuffer body) {
    dictionary = (Object[]) PlainValues.read(body, leaf, count(header));
  }

  private int count(ThriftStruct header) {
    int count = header.integer(1);
    if (count < 0 || count > MOST_VALUES) {
      throw new IllegalArgumentException("a page of " + count + " values");
    }
    return count;
  }

  private void first(ThriftStruct header, ByteBuffer body) {
    int count = count(header);
    int[] again = levels(body, leaf.repeat(), count, header.integer(4, RLE));
    int[] there = levels(body, leaf.definition(), count, header.integer(3, RLE));
    take(again, there, body, header.integer(2));
  }

  private static int[] levels(ByteBuffer body, int most, int count, int encoding) {
    if (most == 0) {
      return new int[count];
    }
    if (encoding != RLE) {
      throw new IllegalArgumentException("levels in encoding " + encoding);
    }
    int length = body.getInt();
    ByteBuffer own = body.slice(body.position(), length);
    body.position(body.position() + length);
    return Hybrid.read(own, bits(most), count);
  }

  private void second(ThriftStruct header, ByteBuffer body, int size) {
    int count = count(header);
    int againBytes = header.integer(6);
    int thereBytes = header.integer(5);
    int[] again = Hybrid.read(body.slice(0, againBytes), bits(leaf.repeat()), count);
    int[] there = Hybrid.read(body.slice(againBytes, thereBytes), bits(leaf.definition()), count);
    body.position(againBytes + thereBytes);
    int rest = size - againBytes - thereBytes;
    ByteBuffer data = header.flag(7, true) && rest > 0 ? unpacked(body.slice(), rest)
        : body.slice().order(ByteOrder.LITTLE_ENDIAN);
    take(again, there, data, header.integer(4));
  }

  private void take(int[] again, int[] there, ByteBuffer data, int encoding) {
    int present = 0;
    for (int i = 0; i < there.length; i++) {
      if (there[i] > leaf.definition() || again[i] > leaf.repeat()) {
        throw new IllegalArgumentException("a level above that of the schema");
      }
      present += there[i] == leaf.definition() ? 1 : 0;
    }
    values = PlainValues.read(data, leaf, present, encoding, dictionary);
    repeats = again;
    definitions = there;
    left -= there.length;
    entry = 0;
    value = -1;
  }

  private static int bits(int most) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(most);
  }
}
