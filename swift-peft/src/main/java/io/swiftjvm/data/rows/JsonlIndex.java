package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Random access to the rows of JSONL files: the files are mapped, and an index off the Java heap knows where each row
 * begins. The heap holds nothing but the row at hand.
 *
 * {@snippet :
 * try (JsonlIndex index = JsonlIndex.open(DatasetSpec.parse("big.jsonl"))) {
 *   Row row = index.row(1_000_000, LoadOptions.DEFAULT);
 * }
 * }
 */
public final class JsonlIndex implements AutoCloseable {
  private static final int CHUNK = 1 << 20;
  private static final int FILE_BITS = 20;
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long LINE_FEEDS = 0x0A0A0A0A0A0A0A0AL;
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final long OFFSET = (1L << (63 - FILE_BITS)) - 1;

  private final List<Path> files;
  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> mapped = new ArrayList<>();
  private final List<MemorySegment> chunks = new ArrayList<>();
  private int size;

  private JsonlIndex(List<Path> files) {
    this.files = files;
  }

  /**
   * Maps the files of a data set and finds their rows; blank lines are none.
   *
   * @throws DatasetException where a file is no uncompressed JSONL
   */
  public static JsonlIndex open(DatasetSpec spec) {
    if (spec.path().equals(DatasetSpec.SELF_COGNITION)) {
      throw new DatasetException("lazy_tokenize reads JSONL files; " + spec.path() + " is small and embedded. Leave it out.");
    }
    List<Path> files = DatasetLoader.files(spec).files();
    for (Path file : files) {
      if (!file.toString().endsWith(".jsonl") || files.size() >= 1 << FILE_BITS) {
        throw new DatasetException("lazy_tokenize reads up to a million .jsonl files, not " + file
            + ". Convert it, or use streaming.");
      }
    }
    JsonlIndex index = new JsonlIndex(files);
    boolean done = false;
    try {
      for (int file = 0; file < files.size(); file++) {
        index.scan(file);
      }
      done = true;
      return index;
    } finally {
      if (!done) {
        index.close();
      }
    }
  }

  /** Number of rows, bad ones included. */
  public int size() {
    return size;
  }

  /**
   * Row {@code number}, from 0, in standard form.
   *
   * @throws DatasetException if the row cannot be used, without its place: see {@link #origin}
   */
  public Row row(int number, LoadOptions options) {
    long place = place(number);
    MemorySegment file = mapped.get((int) (place >>> (63 - FILE_BITS)));
    long from = place & OFFSET;
    long to = lineEnd(file, from);
    Origin origin = new Origin(files.get((int) (place >>> (63 - FILE_BITS))).toString(), 0);
    if (to - from > Lines.LONGEST) {
      throw new DatasetException("the line has more than " + (Lines.LONGEST >> 20) + " MiB");
    }
    byte[] bytes = file.asSlice(from, to - from).toArray(ValueLayout.JAVA_BYTE);
    try {
      RawRow raw = LineReader.object(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString(), origin);
      if (raw.columns() == null) {
        throw new DatasetException(raw.problem());
      }
      return RowFormat.standard(raw.columns(), options, origin);
    } catch (CharacterCodingException e) {
      throw new DatasetException("the line is no UTF-8 text", e);
    }
  }

  /** File and line of row {@code number}; lines are counted from the head of the file, so ask for bad rows only. */
  public Origin origin(int number) {
    long place = place(number);
    int file = (int) (place >>> (63 - FILE_BITS));
    MemorySegment bytes = mapped.get(file);
    int line = 1;
    for (long i = lineEnd(bytes, 0); i < (place & OFFSET); i = lineEnd(bytes, i + 1)) {
      line++;
    }
    return new Origin(files.get(file).toString(), line);
  }

  private long place(int number) {
    return chunks.get(number / CHUNK).getAtIndex(ValueLayout.JAVA_LONG, number % CHUNK);
  }

  private void scan(int file) {
    MemorySegment bytes = map(files.get(file));
    mapped.add(bytes);
    long length = bytes.byteSize();
    boolean mark = length >= 3 && bytes.get(ValueLayout.JAVA_BYTE, 0) == (byte) 0xEF
        && bytes.get(ValueLayout.JAVA_BYTE, 1) == (byte) 0xBB && bytes.get(ValueLayout.JAVA_BYTE, 2) == (byte) 0xBF;
    long start = mark ? 3 : 0;
    while (start < length) {
      long end = lineEnd(bytes, start);
      long visible = start;
      while (visible < end && bytes.get(ValueLayout.JAVA_BYTE, visible) <= ' ' && bytes.get(ValueLayout.JAVA_BYTE, visible) >= 0) {
        visible++;
      }
      if (visible < end) {
        add(file, start);
      }
      start = end + 1;
    }
  }

  private void add(int file, long start) {
    if (size % CHUNK == 0) {
      chunks.add(arena.allocate(8L * CHUNK, 8));
    }
    chunks.getLast().setAtIndex(ValueLayout.JAVA_LONG, size % CHUNK, (long) file << (63 - FILE_BITS) | start);
    size = Math.addExact(size, 1);
  }

  private MemorySegment map(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (IOException e) {
      throw new DatasetException(file + " cannot be mapped: " + e + ". Use a file on a local disk, or streaming.", e);
    }
  }

  /** Where the line that holds {@code from} ends: eight bytes at a time, a line feed is found as a zero byte of their XOR. */
  private static long lineEnd(MemorySegment file, long from) {
    long to = from;
    while (to + Long.BYTES <= file.byteSize()) {
      long differing = file.get(WORD, to) ^ LINE_FEEDS;
      long zeros = differing - ONES & ~differing & HIGH_BITS;
      if (zeros != 0) {
        return to + (Long.numberOfTrailingZeros(zeros) >>> 3);
      }
      to += Long.BYTES;
    }
    while (to < file.byteSize() && file.get(ValueLayout.JAVA_BYTE, to) != '\n') {
      to++;
    }
    return to;
  }

  @Override
  public void close() {
    arena.close();
  }
}
