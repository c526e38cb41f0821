package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import io.swiftjvm.error.SwiftException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The usable rows of files, one file behind the other. */
final class FileRows implements RowStream {
  private final Iterator<Path> files;
  private final LoadOptions options;
  private final Drops drops;
  private @Nullable RawReader open;

  FileRows(List<Path> files, LoadOptions options, Drops drops) {
    this.files = files.iterator();
    this.options = options;
    this.drops = drops;
  }

  @Override
  public @Nullable Row next() {
    while (true) {
      RawReader reader = open;
      if (reader == null) {
        if (!files.hasNext()) {
          return null;
        }
        reader = RawFiles.open(files.next());
        open = reader;
      }
      RawRow raw = reader.next();
      if (raw == null) {
        close();
        continue;
      }
      Row row = usable(raw, options, drops);
      if (row != null) {
        return row;
      }
    }
  }

  /** The row in standard form; null when it was dropped. */
  static @Nullable Row usable(RawRow raw, LoadOptions options, Drops drops) {
    try {
      Map<String, @Nullable Object> columns = raw.columns();
      if (columns == null) {
        throw new DatasetException(raw.problem());
      }
      return RowFormat.standard(columns, options, raw.origin());
    } catch (SwiftException e) {
      drops.drop(raw.origin(), String.valueOf(e.getMessage()));
      return null;
    }
  }

  @Override
  public void close() {
    if (open != null) {
      open.close();
      open = null;
    }
  }
}
