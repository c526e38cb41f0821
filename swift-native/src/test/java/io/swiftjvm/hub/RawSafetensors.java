package io.swiftjvm.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes safetensors files that no honest writer would write. */
final class RawSafetensors {
  private RawSafetensors() {}

  static Path write(Path file, String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return write(file, json.length, json, dataBytes);
  }

  static Path write(Path file, long length, byte[] header, int dataBytes) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    return Files.write(file, bytes.putLong(length).put(header).array());
  }
}
