package io.swiftjvm.data.rows;

import org.jspecify.annotations.Nullable;

/** The rows of a file in order, one at a time: memory holds the row at hand, whatever the size of the file. */
interface RawReader extends AutoCloseable {
  /** The next row, or null at the end; a file that cannot be read on throws with file and line. */
  @Nullable RawRow next();

  @Override
  void close();
}
