package io.swiftjvm.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.model.family.Families;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** A small random checkpoint to be changed and written. */
final class TinyCheckpoint {
  private static final ObjectMapper JSON = new ObjectMapper();

  final ObjectNode config = JSON.createObjectNode();
  final Map<String, long[]> changed = new TreeMap<>();

  TinyCheckpoint(String modelType) {
    config.put("model_type", modelType).put("vocab_size", 32).put("hidden_size", 8).put("intermediate_size", 12)
        .put("num_hidden_layers", 2).put("num_attention_heads", 2).put("num_key_value_heads", 1).put("head_dim", 4)
        .put("max_position_embeddings", 64).put("rms_norm_eps", 1e-6).put("tie_word_embeddings", false);
  }

  static TinyCheckpoint of(String modelType) {
    return new TinyCheckpoint(modelType);
  }

  TinyCheckpoint set(String key, Object value) {
    config.set(key, JSON.valueToTree(value));
    return this;
  }

  /** Gives a tensor another shape, adds it, or leaves it out when the shape is null. */
  TinyCheckpoint tensor(String name, long... shape) {
    changed.put(name, shape);
    return this;
  }

  TinyCheckpoint without(String name) {
    return tensor(name, -1);
  }

  Path configTo(Path folder) {
    try {
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("config.json"), config.toString());
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path write(Path folder) {
    configTo(folder);
    ModelConfig source = ModelConfig.load(folder);
    var family = Families.of(source);
    Map<String, long[]> shapes =
        new LinkedHashMap<>(new ModelBuilder(family.config(source), family.names(source)).shapes());
    shapes.putAll(changed);
    SafetensorsWriter writer = new SafetensorsWriter();
    Random random = new Random(11);
    shapes.forEach((name, shape) -> {
      if (shape.length == 1 && shape[0] < 0) {
        return;
      }
      int size = 1;
      for (long d : shape) {
        size = Math.toIntExact(size * d);
      }
      float[] values = new float[size];
      for (int i = 0; i < size; i++) {
        values[i] = name.contains("norm") ? 1 : (float) (random.nextGaussian() / Math.sqrt(shape[shape.length - 1]));
      }
      writer.add(name, shape, values);
    });
    writer.write(folder.resolve("model.safetensors"));
    return folder;
  }
}
