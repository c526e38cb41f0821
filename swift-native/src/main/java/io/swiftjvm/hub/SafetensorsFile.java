package io.swiftjvm.hub;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.tensor.LargePages;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A safetensors file, mapped and not copied. Everything is checked when it is opened: header of at most 100,000,000
 * bytes inside the file, UTF-8 JSON without duplicate keys, at most 1,000,000 tensors of rank 0 to 8, sizes that match
 * shape and dtype without overflow, and data that tiles the file from its first to its last byte.
 *
 * {@snippet :
 * try (SafetensorsFile file = SafetensorsFile.open(Path.of("model.safetensors"))) {
 *   TensorEntry norm = file.entry("model.norm.weight");
 *   System.out.println(norm + " " + norm.data().byteSize());
 * }
 * }
 *
 * <p>May be used from any thread. After {@link #close()} every access to it or to its segments throws
 * {@link IllegalStateException}. The file must not be shortened while it is mapped.
 */
public final class SafetensorsFile implements AutoCloseable {
  private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final Arena arena;
  private final Map<String, TensorEntry> entries;
  private final Map<String, String> metadata;

  private SafetensorsFile(Path path, Arena arena, Map<String, TensorEntry> entries, Map<String, String> metadata) {
    this.path = path;
    this.arena = arena;
    this.entries = entries;
    this.metadata = metadata;
  }

  /** Maps and checks {@code path}; {@link ModelFormatException} names the file and what is wrong with it. */
  public static SafetensorsFile open(Path path) {
    Arena arena = Arena.ofShared();
    boolean opened = false;
    try {
      MemorySegment file = map(path, arena);
      SafetensorsFile result = read(path, arena, file);
      opened = true;
      return result;
    } finally {
      if (!opened) {
        arena.close();
      }
    }
  }

  private static MemorySegment map(Path path, Arena arena) {
    // A FIFO or device would block or never end: look before opening.
    if (!Files.isRegularFile(path)) {
      String found = Files.exists(path) ? "it is not a regular file" : "there is no such file";
      throw SafetensorsHeader.refusal(path, found, null);
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < Long.BYTES) {
        throw SafetensorsHeader.refusal(path, "it has " + size + " bytes, fewer than the 8 of a header length", null);
      }
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      LargePages.advise(mapped);
      return mapped;
    } catch (IOException e) {
      throw SafetensorsHeader.refusal(path, "it cannot be mapped: " + e, e);
    }
  }

  private static SafetensorsFile read(Path path, Arena arena, MemorySegment file) {
    long length = file.get(LENGTH, 0);
    if (length < 0 || length > SafetensorsHeader.MAX_BYTES) {
      throw SafetensorsHeader.refusal(path, "header length " + Long.toUnsignedString(length) + " is over the limit of "
          + SafetensorsHeader.MAX_BYTES + " bytes", null);
    }
    long dataBytes = file.byteSize() - Long.BYTES - length;
    if (dataBytes < 0) {
      throw SafetensorsHeader.refusal(path, "header of " + length + " bytes does not fit in the file of "
          + file.byteSize() + " bytes", null);
    }
    String json;
    try {
      json = StrictJson.utf8(file.asSlice(Long.BYTES, length).asByteBuffer());
    } catch (CharacterCodingException e) {
      throw SafetensorsHeader.refusal(path, "header is not valid UTF-8", e);
    }
    SafetensorsHeader header = SafetensorsHeader.parse(path, json, dataBytes);
    MemorySegment data = file.asSlice(Long.BYTES + length);
    Map<String, TensorEntry> entries = LinkedHashMap.newLinkedHashMap(header.places().size());
    for (SafetensorsHeader.Place place : header.places()) {
      MemorySegment bytes = data.asSlice(place.begin(), place.end() - place.begin());
      entries.put(place.name(), new TensorEntry(place.name(), place.dtype(), place.shape(), bytes));
    }
    return new SafetensorsFile(path, arena, entries, Collections.unmodifiableMap(header.metadata()));
  }

  /** Where the file lies. */
  public Path path() {
    return path;
  }

  /** Tensor names in the order of their data. */
  public List<String> names() {
    checkOpen();
    return List.copyOf(entries.keySet());
  }

  /** True when the file holds {@code name}. */
  public boolean contains(String name) {
    return entries.containsKey(name);
  }

  /** The tensor called {@code name}; {@link ModelFormatException} when the file has none. */
  public TensorEntry entry(String name) {
    checkOpen();
    TensorEntry entry = entries.get(name);
    if (entry == null) {
      throw new ModelFormatException("No tensor '" + StrictJson.shown(name) + "' in " + path + ". It holds "
          + entries.size() + " tensors: " + NameHints.nearest(name, entries.keySet()) + ".");
    }
    return entry;
  }

  /** The {@code __metadata__} strings; empty when there are none. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** True until {@link #close()}. */
  public boolean isOpen() {
    return arena.scope().isAlive();
  }

  private void checkOpen() {
    if (!isOpen()) {
      throw new IllegalStateException(path + " was used after it was closed");
    }
  }

  /** Unmaps the file. Closing twice is allowed. */
  @Override
  public synchronized void close() {
    if (isOpen()) {
      arena.close();
    }
  }
}
