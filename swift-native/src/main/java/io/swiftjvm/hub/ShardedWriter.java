package io.swiftjvm.hub;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes the weights of a model folder as transformers does: one {@code model.safetensors} when they fit, else
 * {@code model-00001-of-0000N.safetensors} and an index. A tensor larger than the limit gets a shard of its own.
 */
public final class ShardedWriter {
  /** Bytes of tensor data in one shard unless asked otherwise: 5 GB. */
  public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

  private static final Pattern OURS =
      Pattern.compile("model(-\\d{5}-of-\\d{5})?\\.safetensors|model\\.safetensors\\.index\\.json");

  private ShardedWriter() {}

  /** Writes {@code tensors} with shards of at most 5 GB. */
  public static List<Path> write(Path folder, Collection<TensorEntry> tensors) {
    return write(folder, tensors, DEFAULT_SHARD_BYTES);
  }

  /**
   * Writes {@code tensors} into {@code folder}, filling shards in the order given, and removes weight files of an
   * earlier save that would shadow them.
   *
   * @param shardBytes most bytes of data in one shard; at least 1
   * @return the files written
   */
  public static List<Path> write(Path folder, Collection<TensorEntry> tensors, long shardBytes) {
    if (shardBytes < 1) {
      throw new IllegalArgumentException("shardBytes must be >= 1, got " + shardBytes);
    }
    List<List<TensorEntry>> shards = split(tensors, shardBytes);
    List<Path> written = new ArrayList<>();
    Map<String, String> weightMap = new TreeMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String name = shards.size() == 1 ? "model.safetensors"
          : "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
      new SafetensorsWriter().addAll(shards.get(i)).write(folder.resolve(name));
      shards.get(i).forEach(entry -> weightMap.put(entry.name(), name));
      written.add(folder.resolve(name));
    }
    if (shards.size() > 1) {
      Path index = folder.resolve(ShardIndex.FILE);
      AtomicFile.write(index, index(tensors, weightMap).toPrettyString() + "\n");
      written.add(index);
    }
    removeStale(folder, written);
    return List.copyOf(written);
  }

  private static List<List<TensorEntry>> split(Collection<TensorEntry> tensors, long limit) {
    List<List<TensorEntry>> shards = new ArrayList<>();
    List<TensorEntry> current = new ArrayList<>();
    long bytes = 0;
    for (TensorEntry entry : tensors) {
      if (!current.isEmpty() && bytes + entry.data().byteSize() > limit) {
        shards.add(current);
        current = new ArrayList<>();
        bytes = 0;
      }
      current.add(entry);
      bytes += entry.data().byteSize();
    }
    shards.add(current);
    return shards;
  }

  private static ObjectNode index(Collection<TensorEntry> tensors, Map<String, String> weightMap) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    ObjectNode metadata = root.putObject("metadata");
    metadata.put("total_parameters", tensors.stream().mapToLong(TensorEntry::elements).sum());
    metadata.put("total_size", tensors.stream().mapToLong(entry -> entry.data().byteSize()).sum());
    ObjectNode map = root.putObject("weight_map");
    weightMap.forEach(map::put);
    return root;
  }

  private static void removeStale(Path folder, List<Path> written) {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (!written.contains(file) && OURS.matcher(String.valueOf(file.getFileName())).matches()) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove old weight files from " + folder + ": " + e, e);
    }
  }
}
