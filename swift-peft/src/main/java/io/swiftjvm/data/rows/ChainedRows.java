package io.swiftjvm.data.rows;

import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Streams one behind the other, each opened when it is needed. */
final class ChainedRows implements RowStream {
  private final Iterator<Supplier<RowStream>> sources;
  private @Nullable RowStream open;

  ChainedRows(List<Supplier<RowStream>> sources) {
    this.sources = sources.iterator();
  }

  @Override
  public @Nullable Row next() {
    while (open != null || sources.hasNext()) {
      RowStream stream = open == null ? sources.next().get() : open;
      open = stream;
      Row row = stream.next();
      if (row != null) {
        return row;
      }
      close();
    }
    return null;
  }

  @Override
  public void close() {
    if (open != null) {
      open.close();
      open = null;
    }
  }
}
