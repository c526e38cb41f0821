package io.swiftjvm.data.rows;

import io.swiftjvm.data.parquet.ParquetFile;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Rows of a Parquet file; the row's number stands for the line. */
final class ParquetReader implements RawReader {
  private final String name;
  private final ParquetFile file;

  ParquetReader(Path path) {
    name = path.toString();
    file = ParquetFile.open(path);
  }

  @Override
  public @Nullable RawRow next() {
    Map<String, @Nullable Object> columns = file.next();
    return columns == null ? null : RawRow.of(columns, new Origin(name, (int) Math.min(Integer.MAX_VALUE, file.row())));
  }

  @Override
  public void close() {
    file.close();
  }
}
