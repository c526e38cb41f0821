package io.swiftjvm.data.rows;

import java.util.List;

/** Rows in standard form, and what became of the others. */
public record LoadedRows(List<Row> rows, DropReport report) {
  public LoadedRows {
    rows = List.copyOf(rows);
  }
}
