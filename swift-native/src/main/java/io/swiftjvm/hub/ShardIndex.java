package io.swiftjvm.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.ModelFormatException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Which shard holds which tensor: the {@code weight_map} of {@code model.safetensors.index.json}, checked. */
final class ShardIndex {
  static final String FILE = "model.safetensors.index.json";

  private ShardIndex() {}

  /** Tensor name to shard file. Every shard is there; none leads out of the folder. */
  static Map<String, Path> read(ModelFolder folder, Path index) {
    ObjectNode root = StrictJson.readObject(index);
    if (!(root.get("weight_map") instanceof ObjectNode map) || map.isEmpty()) {
      throw refusal(index, "it has no weight_map with entries");
    }
    if (map.size() > SafetensorsHeader.MAX_TENSORS) {
      throw refusal(index, "weight_map has " + map.size() + " entries, over " + SafetensorsHeader.MAX_TENSORS);
    }
    Map<String, Path> shards = new LinkedHashMap<>();
    Map<String, Path> weights = LinkedHashMap.newLinkedHashMap(map.size());
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      if (!entry.getValue().isTextual()) {
        throw refusal(index, "weight_map." + StrictJson.shown(entry.getKey()) + " is not a file name");
      }
      weights.put(entry.getKey(), shards.computeIfAbsent(entry.getValue().asText(), s -> shard(folder, index, s)));
    }
    return weights;
  }

  private static Path shard(ModelFolder folder, Path index, String name) {
    if (!name.endsWith(".safetensors")) {
      throw refusal(index, "weight_map names '" + StrictJson.shown(name) + "', which is not a .safetensors file");
    }
    try {
      return folder.file(name);
    } catch (ModelFormatException e) {
      throw new ModelFormatException("Cannot use the shard index " + index + ": " + e.getMessage(), e);
    }
  }

  private static ModelFormatException refusal(Path index, String cause) {
    return new ModelFormatException("Cannot use the shard index " + index + ": " + cause + ". Download it again.");
  }
}
