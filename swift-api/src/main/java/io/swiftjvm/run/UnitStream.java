package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.batch.Packing;
import io.swiftjvm.data.rows.Drops;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.data.rows.RowStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One pass over a stream of rows as encoded rows, or as packs made of a window of them. */
final class UnitStream implements AutoCloseable {
  private final RowStream rows;
  private final RowEncoding encoding;
  private final Drops drops;
  private final int capacity;
  private final Packing.Strategy strategy;
  private final Deque<Batch> ready = new ArrayDeque<>();
  private List<Batch> window = new ArrayList<>();
  private int carried;
  private boolean ended;

  /** {@code capacity} is the length of a pack, 0 for none. */
  UnitStream(RowStream rows, RowEncoding encoding, Drops drops, int capacity, Packing.Strategy strategy) {
    this.rows = rows;
    this.encoding = encoding;
    this.drops = drops;
    this.capacity = capacity;
    this.strategy = strategy;
  }

  /** The next unit; null at the end of the pass. */
  @Nullable Batch next() {
    while (ready.isEmpty() && !ended) {
      Row row = rows.next();
      ended = row == null;
      List<Batch> parts = row == null ? List.of() : encoding.encode(row, drops);
      drops.keep(parts.isEmpty() ? 0 : 1);
      drops.judgeStream();
      if (capacity == 0) {
        ready.addAll(parts);
      } else {
        window.addAll(parts);
        pack();
      }
    }
    return ready.poll();
  }

  private void pack() {
    if (!ended && window.size() - carried < Packing.WINDOW) {
      return;
    }
    int[] lengths = window.stream().mapToInt(unit -> unit.ids().length).toArray();
    Packing.Window packed = Packing.window(lengths, capacity, strategy, ended);
    for (int[] pack : packed.packs()) {
      ready.add(RowBatches.join(chosen(pack)));
    }
    window = chosen(packed.carried());
    carried = window.size();
  }

  private List<Batch> chosen(int[] places) {
    List<Batch> out = new ArrayList<>();
    for (int place : places) {
      out.add(window.get(place));
    }
    return out;
  }

  @Override
  public void close() {
    rows.close();
  }
}
