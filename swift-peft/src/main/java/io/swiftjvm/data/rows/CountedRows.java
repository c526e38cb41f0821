package io.swiftjvm.data.rows;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The first N rows of a stream; a shorter stream begins again. */
final class CountedRows implements RowStream {
  private final Supplier<RowStream> source;
  private RowStream open;
  private int left;
  private boolean fresh = true;

  CountedRows(Supplier<RowStream> source, int count) {
    this.source = source;
    this.open = source.get();
    this.left = count;
  }

  @Override
  public @Nullable Row next() {
    if (left == 0) {
      return null;
    }
    Row row = open.next();
    if (row == null && !fresh) {
      open.close();
      open = source.get();
      row = open.next();
    }
    fresh = false;
    left = row == null ? 0 : left - 1;
    return row;
  }

  @Override
  public void close() {
    open.close();
  }
}
