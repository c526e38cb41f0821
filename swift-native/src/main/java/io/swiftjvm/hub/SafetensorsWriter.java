package io.swiftjvm.hub;

import io.swiftjvm.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes safetensors files byte for byte as the reference implementation does: tensors sorted by dtype and name, header
 * padded with spaces to 8 bytes. Data is streamed from its segments; the file appears whole or not at all.
 *
 * {@snippet :
 * SafetensorsWriter writer = new SafetensorsWriter().metadata(Map.of("format", "pt"));
 * writer.add("scale", new long[] {2}, new float[] {1f, 2f});
 * writer.write(Path.of("scale.safetensors"));
 * }
 */
public final class SafetensorsWriter {
  private static final long CHUNK = 64L << 20;
  private static final Comparator<String> BYTES = (a, b) ->
      Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  private static final Comparator<TensorEntry> ORDER =
      Comparator.comparingInt((TensorEntry e) -> SafetensorsDTypes.rank(e.dtype())).thenComparing(e -> e.name(), BYTES);

  private final Map<String, TensorEntry> entries = new HashMap<>();
  private Map<String, String> metadata = Map.of("format", "pt");

  /** Sets the {@code __metadata__} strings. Default: {@code {"format": "pt"}}, which transformers asks for. */
  public SafetensorsWriter metadata(Map<String, String> metadata) {
    this.metadata = Map.copyOf(metadata);
    return this;
  }

  /** Adds a tensor whose little-endian bytes are {@code data}; they are read when {@link #write} runs. */
  public SafetensorsWriter add(String name, DType dtype, long[] shape, MemorySegment data) {
    if (shape.length > SafetensorsHeader.MAX_RANK) {
      throw new IllegalArgumentException("tensor '" + name + "' has rank " + shape.length + ", at most 8 is legal");
    }
    long bytes = dtype.bytes();
    for (long size : shape) {
      if (size < 0) {
        throw new IllegalArgumentException("tensor '" + name + "' has shape " + Arrays.toString(shape));
      }
      bytes = Math.multiplyExact(bytes, size);
    }
    if (bytes != data.byteSize()) {
      throw new IllegalArgumentException("tensor '" + name + "' " + dtype + Arrays.toString(shape) + " needs " + bytes
          + " bytes, got " + data.byteSize());
    }
    if (name.equals("__metadata__") || !StrictJson.wellFormed(name)) {
      throw new IllegalArgumentException("'" + StrictJson.shown(name) + "' is not a legal tensor name");
    }
    if (entries.putIfAbsent(name, new TensorEntry(name, dtype, shape, data)) != null) {
      throw new IllegalArgumentException("tensor '" + name + "' was added twice");
    }
    return this;
  }

  /** Adds a float32 tensor; the values are copied. */
  public SafetensorsWriter add(String name, long[] shape, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, 4)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return add(name, DType.F32, shape, MemorySegment.ofBuffer(bytes));
  }

  /** Adds every tensor of {@code tensors}. */
  public SafetensorsWriter addAll(Collection<TensorEntry> tensors) {
    tensors.forEach(e -> add(e.name(), e.dtype(), e.shape(), e.data()));
    return this;
  }

  /** Writes the file: temporary neighbour, fsync, atomic rename. */
  public void write(Path file) {
    List<TensorEntry> order = ordered();
    byte[] header = SafetensorsHeaders.encode(order, metadata);
    AtomicFile.write(file, out -> {
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      AtomicFile.writeFully(out, length.putLong(header.length).flip());
      AtomicFile.writeFully(out, ByteBuffer.wrap(header));
      for (TensorEntry entry : order) {
        copy(entry.data(), out);
      }
    });
  }

  /** The tensors in file order. */
  List<TensorEntry> ordered() {
    return entries.values().stream().sorted(ORDER).toList();
  }

  private static void copy(MemorySegment data, FileChannel out) throws IOException {
    for (long at = 0; at < data.byteSize(); at += CHUNK) {
      AtomicFile.writeFully(out, data.asSlice(at, Math.min(CHUNK, data.byteSize() - at)).asByteBuffer());
    }
  }
}
