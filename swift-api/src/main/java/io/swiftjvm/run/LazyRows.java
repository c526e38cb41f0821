package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.rows.DatasetSpec;
import io.swiftjvm.data.rows.Drops;
import io.swiftjvm.data.rows.JsonlIndex;
import io.swiftjvm.data.rows.LoadOptions;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.error.SwiftException;
import java.util.AbstractList;
import java.util.BitSet;
import java.util.List;

/**
 * Rows of mapped files, encoded whenever they are asked for. A row that cannot be used gives a unit without tokens and is
 * counted once, however often it is asked for.
 */
final class LazyRows extends AbstractList<Batch> implements AutoCloseable {
  private static final Batch NOTHING = new Batch(new int[0], new int[0], new int[] {0, 0}, new int[0], null);

  private final JsonlIndex index;
  private final int[] rows;
  private final LoadOptions options;
  private final RowEncoding encoding;
  private final Drops drops;
  private final BitSet seen = new BitSet();

  private LazyRows(JsonlIndex index, int[] rows, LoadOptions options, RowEncoding encoding, Drops drops) {
    this.index = index;
    this.rows = rows;
    this.options = options;
    this.encoding = encoding;
    this.drops = drops;
  }

  /** The rows of one data set; {@code #N} takes the first N of them, whole passes first where there are fewer. */
  static LazyRows of(String text, LoadOptions options, RowEncoding encoding, Drops drops) {
    DatasetSpec spec = DatasetSpec.parse(text);
    JsonlIndex index = JsonlIndex.open(spec);
    if (index.size() == 0) {
      index.close();
      throw new DatasetException("'" + text + "' has no row.");
    }
    Integer count = spec.count();
    int[] rows = new int[count == null ? index.size() : count];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = i % index.size();
    }
    return new LazyRows(index, rows, options, encoding, drops);
  }

  @Override
  public int size() {
    return rows.length;
  }

  @Override
  public Batch get(int number) {
    int row = rows[number];
    boolean fresh = !seen.get(row);
    seen.set(row);
    List<Batch> parts = encoding.encode(() -> index.row(row, options), () -> index.origin(row), fresh ? drops : silent());
    if (fresh) {
      drops.keep(parts.isEmpty() ? 0 : 1);
      drops.judgeStream();
    }
    return parts.isEmpty() ? NOTHING : RowBatches.join(parts);
  }

  private Drops silent() {
    return new Drops(options, drop -> { });
  }

  @Override
  public void close() {
    index.close();
  }
}
