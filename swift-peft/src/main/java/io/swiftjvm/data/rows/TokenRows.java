package io.swiftjvm.data.rows;

import io.swiftjvm.error.DatasetException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Rows that bring {@code input_ids} and {@code labels} instead of text. */
final class TokenRows {
  private TokenRows() {}

  static void check(Map<String, @Nullable Object> columns) {
    List<?> ids = integers(columns.get("input_ids"), "input_ids", 0);
    if (ids.isEmpty()) {
      throw new DatasetException("input_ids is empty. Write at least one id.");
    }
    if (columns.get("labels") != null) {
      List<?> labels = integers(columns.get("labels"), "labels", -100);
      if (labels.size() != ids.size()) {
        throw new DatasetException("labels has " + labels.size() + " entries, input_ids " + ids.size()
            + ". Write one label for each id, -100 for those that are not trained.");
      }
    }
    for (String column : columns.keySet()) {
      if (column.equals("loss_scale") && (!(columns.get(column) instanceof List<?> w) || w.size() != ids.size()
          || !w.stream().allMatch(x -> x instanceof Number n && n.doubleValue() >= 0))) {
        throw new DatasetException("loss_scale is no list of " + ids.size() + " numbers >= 0. Write one for each id.");
      }
    }
  }

  private static List<?> integers(@Nullable Object value, String column, int least) {
    if (!(value instanceof List<?> list)) {
      throw new DatasetException(column + " is no list. Write [1, 2, 3].");
    }
    for (Object item : list) {
      if (!(item instanceof Integer i) || i < least || i < 0 && i != -100) {
        throw new DatasetException(column + " holds " + item + ". Write whole numbers"
            + (least < 0 ? " >= 0, or -100." : " >= 0."));
      }
    }
    return list;
  }
}
