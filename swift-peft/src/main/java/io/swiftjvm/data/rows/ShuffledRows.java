package io.swiftjvm.data.rows;

import io.swiftjvm.tuner.Seeds;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream shuffled within a buffer: each row that comes in sends a drawn one out, at the end the rest is drawn. */
public final class ShuffledRows implements RowStream {
  private final RowStream source;
  private final int size;
  private final Seeds random;
  private final List<Row> buffer = new ArrayList<>();

  /**
   * Shuffles {@code source} among {@code size} rows.
   *
   * @param name keys the draws together with {@code seed}: another pass takes another name
   */
  public ShuffledRows(RowStream source, int size, long seed, String name) {
    this.source = source;
    this.size = size;
    random = Seeds.of(seed, name);
  }

  @Override
  public @Nullable Row next() {
    Row row = source.next();
    while (row != null && buffer.size() < size) {
      buffer.add(row);
      row = source.next();
    }
    if (buffer.isEmpty()) {
      return null;
    }
    int drawn = (int) (random.uniform() * buffer.size());
    if (row != null) {
      return buffer.set(drawn, row);
    }
    Row out = buffer.get(drawn);
    Row last = buffer.removeLast();
    if (drawn < buffer.size()) {
      buffer.set(drawn, last);
    }
    return out;
  }

  @Override
  public void close() {
    source.close();
  }
}
