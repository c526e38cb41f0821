package io.swiftjvm.train;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.data.Batch;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.StrictJson;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.OracleFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Golden training data as flat batches. */
public final class Oracle {
  private Oracle() {}

  public static Path path(String relative) {
    return OracleFiles.path(relative);
  }

  /** The four micro-batches of a model's training fixtures. */
  public static List<Batch> micro(String model) {
    List<Batch> batches = new ArrayList<>();
    try (SafetensorsFile file = SafetensorsFile.open(path("training/" + model + "/batches.safetensors"))) {
      for (int i = 0; file.contains("micro" + i + ".input_ids"); i++) {
        long[] shape = file.entry("micro" + i + ".input_ids").shape();
        batches.add(flat((int) shape[0], (int) shape[1], file.entry("micro" + i + ".input_ids").longs(),
            file.entry("micro" + i + ".attention_mask").longs(), file.entry("micro" + i + ".labels").longs()));
      }
    }
    return batches;
  }

  /** Right-padded rows with unshifted labels as one flat batch. */
  public static Batch flat(int rows, int width, long[] ids, long[] mask, long[] labels) {
    List<int[]> rowIds = new ArrayList<>();
    List<int[]> rowLabels = new ArrayList<>();
    for (int r = 0; r < rows; r++) {
      int from = r * width;
      int n = (int) Arrays.stream(mask, from, from + width).sum();
      rowIds.add(IntStream.range(0, n).map(i -> (int) ids[from + i]).toArray());
      rowLabels.add(IntStream.range(0, n).map(i -> i + 1 < n ? (int) labels[from + i + 1] : -100).toArray());
    }
    return join(rowIds, rowLabels);
  }

  /** Rows one behind the other; labels are shifted already. */
  public static Batch join(List<int[]> ids, List<int[]> labels) {
    int[] cu = new int[ids.size() + 1];
    for (int r = 0; r < ids.size(); r++) {
      cu[r + 1] = cu[r] + ids.get(r).length;
    }
    return new Batch(ids.stream().flatMapToInt(Arrays::stream).toArray(),
        ids.stream().flatMapToInt(row -> IntStream.range(0, row.length)).toArray(), cu,
        labels.stream().flatMapToInt(Arrays::stream).toArray(), null);
  }

  /** One batch for each row of {@code batch}. */
  public static List<Batch> split(Batch batch) {
    List<Batch> rows = new ArrayList<>();
    for (int r = 0; r + 1 < batch.cuSeqlens().length; r++) {
      int from = batch.cuSeqlens()[r];
      int to = batch.cuSeqlens()[r + 1];
      rows.add(join(List.of(Arrays.copyOfRange(batch.ids(), from, to)),
          List.of(Arrays.copyOfRange(batch.labels(), from, to))));
    }
    return rows;
  }

  public static JsonNode json(String relative) {
    return StrictJson.readObject(path(relative));
  }

  public static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).doubleValue();
    }
    return values;
  }

  public static Map<String, float[]> tensors(Path file) {
    Map<String, float[]> all = new HashMap<>();
    try (SafetensorsFile open = SafetensorsFile.open(file)) {
      for (String name : open.names()) {
        if (open.entry(name).dtype().isFloat()) {
          all.put(name, open.entry(name).floats());
        }
      }
    }
    return all;
  }

  public static long[] longs(Path file, String name) {
    try (SafetensorsFile open = SafetensorsFile.open(file)) {
      return open.entry(name).longs();
    }
  }

  /** Logits (n*V) of one row under some adapters. */
  public static float[] logits(CausalLm model, List<String> adapters, long[] ids) {
    int[] tokens = Arrays.stream(ids).mapToInt(i -> (int) i).toArray();
    try (Scope scope = new Scope(model.backend())) {
      Pass pass = Pass.of(new Ops(model.backend(), null, scope), AttentionContext.packed(0, tokens.length))
          .adapters(adapters);
      Tensor hidden = model.hidden(pass, scope.ints(tokens), IntStream.range(0, tokens.length).toArray());
      return model.logits(pass, hidden).toFloats();
    }
  }

  /** Largest absolute difference. */
  public static double worst(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new AssertionError(a.length + " values against " + b.length);
    }
    double worst = 0;
    for (int i = 0; i < a.length; i++) {
      double d = Math.abs((double) a[i] - b[i]);
      worst = d > worst || Double.isNaN(d) ? d : worst;
    }
    return worst;
  }

  public static double largest(float[] a) {
    double largest = 0;
    for (float v : a) {
      largest = Math.max(largest, Math.abs(v));
    }
    return largest;
  }
}
