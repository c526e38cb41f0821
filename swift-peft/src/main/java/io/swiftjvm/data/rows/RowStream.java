package io.swiftjvm.data.rows;

import org.jspecify.annotations.Nullable;

/**
 * Rows in standard form, one at a time; memory holds no more than the row at hand.
 *
 * {@snippet :
 * try (RowStream rows = DatasetLoader.open(DatasetSpec.parse("big.jsonl"), LoadOptions.DEFAULT, drops)) {
 *   for (Row row = rows.next(); row != null; row = rows.next()) { ... }
 * }
 * }
 */
public interface RowStream extends AutoCloseable {
  /** The next row, or null at the end. A file that cannot be read on throws {@code DatasetException}. */
  @Nullable Row next();

  @Override
  void close();
}
