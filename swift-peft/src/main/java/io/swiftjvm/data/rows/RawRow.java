package io.swiftjvm.data.rows;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A row as the file has it.
 *
 * @param columns its columns; null when it could not be read
 * @param problem why it could not be read
 * @param origin where it stands
 */
record RawRow(@Nullable Map<String, @Nullable Object> columns, String problem, Origin origin) {
  static RawRow of(Map<String, @Nullable Object> columns, Origin origin) {
    return new RawRow(columns, "", origin);
  }

  static RawRow bad(String problem, Origin origin) {
    return new RawRow(null, problem, origin);
  }
}
