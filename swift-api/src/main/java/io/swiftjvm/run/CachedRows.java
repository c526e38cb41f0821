package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.tensor.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Encoded rows in a mapped safetensors file: {@code input_ids} and {@code labels} (int32, all rows one behind the other;
 * labels stand at the token that predicts them), {@code offsets} (int64, where each row begins, and the end), and
 * {@code weights} (float32) where rows are weighed. The header says how the rows were encoded.
 */
final class CachedRows extends AbstractList<Batch> implements AutoCloseable {
  private static final String FILE = "rows.safetensors";
  private static final String FACT = "encoding ";
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final SafetensorsFile file;
  private final MemorySegment ids;
  private final MemorySegment labels;
  private final MemorySegment offsets;
  private final @Nullable MemorySegment weights;

  private CachedRows(SafetensorsFile file) {
    this.file = file;
    ids = tensor("input_ids", DType.I32).data();
    labels = tensor("labels", DType.I32).data();
    offsets = tensor("offsets", DType.I64).data();
    weights = file.contains("weights") ? tensor("weights", DType.F32).data() : null;
    long rows = offsets.byteSize() / Long.BYTES - 1;
    boolean ordered = rows >= 0 && rows < Integer.MAX_VALUE && offset(0) == 0 && offset(rows) * Integer.BYTES == ids.byteSize();
    for (long i = 0; ordered && i < rows; i++) {
      ordered = offset(i) < offset(i + 1) && offset(i + 1) - offset(i) < Integer.MAX_VALUE;
    }
    if (!ordered || labels.byteSize() != ids.byteSize() || weights != null && weights.byteSize() != ids.byteSize()) {
      throw broken("its tensors do not fit together");
    }
  }

  /** Writes rows into {@code folder}. */
  static void write(Path folder, List<Batch> rows, Map<String, String> facts) {
    long tokens = rows.stream().mapToLong(row -> row.ids().length).sum();
    boolean weighed = rows.stream().anyMatch(row -> row.weights() != null);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ids = arena.allocate(tokens * Integer.BYTES, 8);
      MemorySegment labels = arena.allocate(tokens * Integer.BYTES, 8);
      MemorySegment weights = arena.allocate(weighed ? tokens * Float.BYTES : 0, 8);
      MemorySegment offsets = arena.allocate((rows.size() + 1L) * Long.BYTES, 8);
      long at = 0;
      for (int row = 0; row < rows.size(); row++) {
        Batch batch = rows.get(row);
        float[] own = batch.weights();
        for (int i = 0; i < batch.ids().length; i++, at++) {
          ids.setAtIndex(INT, at, batch.ids()[i]);
          labels.setAtIndex(INT, at, batch.labels()[i]);
          if (weighed) {
            weights.setAtIndex(FLOAT, at, own == null ? 1 : own[i]);
          }
        }
        offsets.setAtIndex(LONG, row + 1L, at);
      }
      Map<String, String> metadata = new TreeMap<>();
      facts.forEach((name, value) -> metadata.put(FACT + name, value));
      SafetensorsWriter writer = new SafetensorsWriter().metadata(metadata)
          .add("input_ids", DType.I32, new long[] {tokens}, ids).add("labels", DType.I32, new long[] {tokens}, labels)
          .add("offsets", DType.I64, new long[] {rows.size() + 1L}, offsets);
      if (weighed) {
        writer.add("weights", DType.F32, new long[] {tokens}, weights);
      }
      Files.createDirectories(folder);
      writer.write(folder.resolve(FILE));
    } catch (IOException e) {
      throw new DatasetException("the folder " + folder + " cannot be written: " + e + ". Choose another --output_dir.", e);
    }
  }

  /**
   * Opens the rows in {@code folder}; {@code facts} say how the plan would encode rows, and rows that were encoded
   * otherwise are refused.
   */
  static CachedRows open(Path folder, Map<String, String> facts) {
    if (!Files.isRegularFile(folder.resolve(FILE))) {
      throw new DatasetException("cached_dataset " + folder + " has no " + FILE + ". Pass the folder train or val that "
          + "'swift export --to_cached_dataset true' wrote.");
    }
    SafetensorsFile file = SafetensorsFile.open(folder.resolve(FILE));
    boolean done = false;
    try {
      for (Map.Entry<String, String> fact : new TreeMap<>(facts).entrySet()) {
        String stored = file.metadata().get(FACT + fact.getKey());
        if (!fact.getValue().equals(stored)) {
          throw new DatasetException("cached_dataset " + folder + " was encoded with " + fact.getKey() + " " + stored
              + ", the plan says " + fact.getValue() + ". Export it again, or give the plan the same setting.");
        }
      }
      CachedRows rows = new CachedRows(file);
      done = true;
      return rows;
    } finally {
      if (!done) {
        file.close();
      }
    }
  }

  private TensorEntry tensor(String name, DType dtype) {
    if (!file.contains(name) || file.entry(name).dtype() != dtype || file.entry(name).shape().length != 1) {
      throw broken("it has no list '" + name + "' of " + dtype);
    }
    return file.entry(name);
  }

  private DatasetException broken(String why) {
    return new DatasetException(file.path() + " is no cached data set: " + why + ". Export it again.");
  }

  private long offset(long row) {
    return offsets.getAtIndex(LONG, row);
  }

  @Override
  public int size() {
    return (int) (offsets.byteSize() / Long.BYTES - 1);
  }

  @Override
  public Batch get(int row) {
    long from = offset(row);
    int n = (int) (offset(row + 1L) - from);
    int[] own = new int[n];
    int[] targets = new int[n];
    int[] positions = new int[n];
    MemorySegment weighed = weights;
    float[] factors = weighed == null ? null : new float[n];
    for (int i = 0; i < n; i++) {
      own[i] = ids.getAtIndex(INT, from + i);
      targets[i] = labels.getAtIndex(INT, from + i);
      positions[i] = i;
      if (factors != null && weighed != null) {
        factors[i] = weighed.getAtIndex(FLOAT, from + i);
      }
    }
    return new Batch(own, positions, new int[] {0, n}, targets, factors);
  }

  @Override
  public void close() {
    file.close();
  }
}
