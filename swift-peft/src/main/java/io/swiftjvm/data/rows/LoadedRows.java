package io.swiftjvm.data.rows;

import java.util.List;

/**
 * Rows in standard form, and what became of the others.
 *
 * @param rows rows to train on
 * @param held rows held out for validation
 * @param report kept rows, those held out included, and drops
 * @param notes what else should be known: files and rows that a choice left out
 */
public record LoadedRows(List<Row> rows, List<Row> held, DropReport report, List<String> notes) {
  public LoadedRows {
    rows = List.copyOf(rows);
    held = List.copyOf(held);
    notes = List.copyOf(notes);
  }
}
