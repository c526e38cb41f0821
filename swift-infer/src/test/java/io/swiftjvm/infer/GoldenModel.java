package io.swiftjvm.infer;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.testing.TestDevices;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A tiny model of the collection with its golden tensors. */
final class GoldenModel implements AutoCloseable {
  final Backend backend;
  final CausalLm model;
  final SafetensorsFile golden;

  GoldenModel(String name) {
    this("cpu", name);
  }

  GoldenModel(String device, String name) {
    backend = TestDevices.open(device);
    Path folder = OracleFiles.path("models/" + name);
    model = CausalLm.load(folder, backend);
    golden = SafetensorsFile.open(folder.resolve("golden.safetensors"));
  }

  /** The rows of an integer tensor (b,t); those of the left-padded prompts without padding. */
  List<int[]> rows(String tensor) {
    long[] values = golden.entry(tensor).longs();
    long[] mask = null;
    String maskName = tensor.replace("input_ids", "attention_mask");
    if (!maskName.equals(tensor) && golden.names().contains(maskName)) {
      mask = golden.entry(maskName).longs();
    }
    int columns = (int) golden.entry(tensor).shape()[1];
    List<int[]> rows = new ArrayList<>();
    for (int from = 0; from < values.length; from += columns) {
      int[] row = new int[columns];
      int n = 0;
      for (int i = from; i < from + columns; i++) {
        if (mask == null || mask[i] == 1) {
          row[n++] = (int) values[i];
        }
      }
      rows.add(Arrays.copyOf(row, n));
    }
    return rows;
  }

  static List<Integer> list(int[] ids) {
    return Arrays.stream(ids).boxed().toList();
  }

  @Override
  public void close() {
    golden.close();
    model.close();
    backend.close();
  }
}
