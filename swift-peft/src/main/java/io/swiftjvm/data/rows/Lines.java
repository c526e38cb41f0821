package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The lines of a UTF-8 file, one at a time. A line that is no text or too long is told, and the next one is read. */
final class Lines implements AutoCloseable {
  /** Longest line in bytes; more is a broken file rather than a row. */
  static final int LONGEST = 64 << 20;

  /**
   * One line without its end.
   *
   * @param number from 1
   * @param text null when there is a problem
   * @param problem why there is no text
   */
  record Line(int number, @Nullable String text, String problem) {}

  private static final int BUFFER = 1 << 16;

  private final Path path;
  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER];
  private byte[] line = new byte[1 << 10];
  private int at;
  private int end;
  private int number;

  Lines(Path path, InputStream in) {
    this.path = path;
    this.in = in;
  }

  /** The next line, or null at the end of the file. */
  @Nullable Line next() {
    int length = 0;
    boolean any = false;
    boolean over = false;
    number++;
    while (at < end || fill()) {
      any = true;
      int to = at;
      while (to < end && buffer[to] != '\n') {
        to++;
      }
      int part = to - at;
      over |= (long) length + part > LONGEST;
      if (!over) {
        if (length + part > line.length) {
          line = Arrays.copyOf(line, Math.max(length + part, Math.min(2 * line.length, LONGEST)));
        }
        System.arraycopy(buffer, at, line, length, part);
        length += part;
      }
      at = to + 1;
      if (to < end) {
        break;
      }
      at = end;
    }
    return !any ? null : over ? new Line(number, null, "the line has more than " + (LONGEST >> 20) + " MiB") : text(length);
  }

  private Line text(int length) {
    int from = number == 1 && length >= 3 && line[0] == (byte) 0xEF && line[1] == (byte) 0xBB && line[2] == (byte) 0xBF ? 3 : 0;
    int to = length > from && line[length - 1] == '\r' ? length - 1 : length;
    String text = new String(line, from, to - from, StandardCharsets.UTF_8);
    // A replacement character may be the file's own; only then is the slow, strict decoder asked.
    if (text.indexOf('\uFFFD') >= 0) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line, from, to - from));
      } catch (CharacterCodingException e) {
        return new Line(number, null, "the line is no UTF-8 text");
      }
    }
    return new Line(number, text, "");
  }

  private boolean fill() {
    try {
      at = 0;
      end = Math.max(0, in.read(buffer));
      return end > 0;
    } catch (IOException e) {
      throw new DatasetException(path + ":" + number + " cannot be read: " + e + ". Mend the file or fetch it again.", e);
    }
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
