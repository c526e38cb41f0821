package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.batch.Packing;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;

/** Packs of rows, joined when they are asked for. */
final class PackedRows extends AbstractList<Batch> {
  private final List<Batch> rows;
  private final List<int[]> packs;

  PackedRows(List<Batch> rows, int capacity, Packing.Strategy strategy) {
    this.rows = rows;
    packs = Packing.pack(rows.stream().mapToInt(row -> row.ids().length).toArray(), capacity, strategy);
  }

  @Override
  public int size() {
    return packs.size();
  }

  @Override
  public Batch get(int number) {
    List<Batch> parts = new ArrayList<>();
    for (int row : packs.get(number)) {
      parts.add(rows.get(row));
    }
    return RowBatches.join(parts);
  }
}
