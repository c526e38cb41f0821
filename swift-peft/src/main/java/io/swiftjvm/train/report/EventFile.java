package io.swiftjvm.train.report;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * TensorBoard's event files: records of {@code length, masked CRC-32C of it, data, masked CRC-32C of that}, little
 * endian; each datum is the protocol-buffer message {@code Event {1: double wall_time, 2: int64 step, 3: string
 * file_version | 5: Summary {1: Value {1: string tag, 2: float simple_value}} | 7: SessionLog {1: status}}}.
 */
final class EventFile {
  private static final int START = 1;
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final ByteArrayOutputStream pending = new ByteArrayOutputStream();

  /** A file that starts anew at {@code step}: what other files of the run say from there on is not shown. */
  EventFile(double wallTime, long step) {
    record(event(wallTime, 0, 3, "brain.Event:2".getBytes(StandardCharsets.UTF_8)));
    ByteArrayOutputStream session = new ByteArrayOutputStream();
    varint(session, 1 << 3 | VARINT);
    varint(session, START);
    record(event(wallTime, step, 7, session.toByteArray()));
  }

  void scalar(double wallTime, long step, String tag, double value) {
    ByteArrayOutputStream entry = new ByteArrayOutputStream();
    bytes(entry, 1, tag.getBytes(StandardCharsets.UTF_8));
    varint(entry, 2 << 3 | FIXED32);
    entry.writeBytes(little(4).putFloat((float) value).array());
    ByteArrayOutputStream summary = new ByteArrayOutputStream();
    bytes(summary, 1, entry.toByteArray());
    record(event(wallTime, step, 5, summary.toByteArray()));
  }

  /** Appends what is new to {@code file}. */
  void flush(Path file) throws IOException {
    try (OutputStream out = Appending.open(file)) {
      pending.writeTo(out);
    }
    pending.reset();
  }

  private static byte[] event(double wallTime, long step, int field, byte[] content) {
    ByteArrayOutputStream event = new ByteArrayOutputStream();
    varint(event, 1 << 3 | FIXED64);
    event.writeBytes(little(8).putDouble(wallTime).array());
    varint(event, 2 << 3 | VARINT);
    varint(event, step);
    bytes(event, field, content);
    return event.toByteArray();
  }

  private void record(byte[] data) {
    byte[] length = little(8).putLong(data.length).array();
    pending.writeBytes(length);
    pending.writeBytes(little(4).putInt(masked(length)).array());
    pending.writeBytes(data);
    pending.writeBytes(little(4).putInt(masked(data)).array());
  }

  /** A check sum that is not one again when it is itself part of checked data. */
  static int masked(byte[] data) {
    CRC32C sum = new CRC32C();
    sum.update(data);
    int crc = (int) sum.getValue();
    return Integer.rotateRight(crc, 15) + 0xa282ead8;
  }

  private static void bytes(ByteArrayOutputStream out, int field, byte[] content) {
    varint(out, field << 3 | BYTES);
    varint(out, content.length);
    out.writeBytes(content);
  }

  private static void varint(ByteArrayOutputStream out, long value) {
    long left = value;
    while ((left & ~0x7fL) != 0) {
      out.write((int) (left & 0x7f | 0x80));
      left >>>= 7;
    }
    out.write((int) left);
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
