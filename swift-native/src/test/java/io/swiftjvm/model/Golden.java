package io.swiftjvm.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The golden files of one model. */
record Golden(Path folder, SafetensorsFile tensors, JsonNode json) implements AutoCloseable {
  static final List<String> MODELS =
      List.of("qwen3", "qwen3-untied-sharded", "qwen3-bf16", "qwen2", "llama3", "mistral-sliding", "gemma2", "gemma3",
          "glm4", "gpt-oss", "qwen3-moe", "deepseek-v3", "qwen3-next", "qwen3.5");

  /** Those whose packed rows the reference keeps apart. */
  static final List<String> PACKED =
      MODELS.stream().filter(name -> !List.of("gpt-oss", "qwen3-next", "qwen3.5").contains(name)).toList();

  static Golden of(String model) {
    Path folder = OracleFiles.path("models/" + model);
    try {
      return new Golden(folder, SafetensorsFile.open(folder.resolve("golden.safetensors")),
          new ObjectMapper().readTree(folder.resolve("golden.json").toFile()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  float[] floats(String name) {
    return tensors.entry(name).floats();
  }

  int[] ints(String name) {
    return Arrays.stream(tensors.entry(name).longs()).mapToInt(Math::toIntExact).toArray();
  }

  int columns(String name) {
    long[] shape = tensors.entry(name).shape();
    return (int) shape[shape.length - 1];
  }

  /** Rows of a padded batch without their padding. */
  FlatRows rows(String name) {
    int[] positions = tensors.contains(name + ".position_ids") ? ints(name + ".position_ids") : null;
    int[] mask = tensors.contains(name + ".attention_mask") ? ints(name + ".attention_mask") : null;
    return FlatRows.of(ints(name + ".input_ids"), mask, positions, columns(name + ".input_ids"));
  }

  @Override
  public void close() {
    tensors.close();
  }

  static double maxDifference(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new AssertionError("lengths differ: " + a.length + " and " + b.length);
    }
    double max = 0;
    for (int i = 0; i < a.length; i++) {
      double d = Math.abs((double) a[i] - b[i]);
      max = d <= max ? max : d;
    }
    return max;
  }

  static double maxAbs(float[] a) {
    double max = 0;
    for (float x : a) {
      max = Math.max(max, Math.abs(x));
    }
    return max;
  }
}
