package io.swiftjvm.data.rows;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows that are in memory already. */
final class ListRows implements RowStream {
  private final List<Row> rows;
  private int at;

  ListRows(List<Row> rows) {
    this.rows = rows;
  }

  @Override
  public @Nullable Row next() {
    return at < rows.size() ? rows.get(at++) : null;
  }

  @Override
  public void close() {}
}
