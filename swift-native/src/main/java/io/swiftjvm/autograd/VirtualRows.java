package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;

/** Rows of a table and, for ids beyond its end, of another tensor: tokens that are learnt, not looked up. */
final class VirtualRows {
  private VirtualRows() {}

  /** {@code ids[i] < v ? table[ids[i]] : extra[ids[i] - v]} for a table of v rows. */
  static Tensor embedding(Ops ops, Tensor table, Tensor extra, Tensor ids) {
    Backend backend = ops.backend();
    int[] wanted = new int[Math.toIntExact(ids.size())];
    backend.download(ids, MemorySegment.ofArray(wanted));
    int v = Math.toIntExact(table.dim(0));
    int[] places = IntStream.range(0, wanted.length).filter(i -> wanted[i] >= v).toArray();
    Tensor at = Layouts.ids(ops, places);
    Tensor virtual = Layouts.ids(ops, IntStream.of(places).map(i -> wanted[i] - v).toArray());
    // Where there is no row of the table, its first one is read and overwritten, and gets no gradient.
    Tensor real = Layouts.ids(ops, IntStream.of(wanted).map(id -> id < v ? id : 0).toArray());
    Tensor known = Layouts.ids(ops, IntStream.of(wanted).map(id -> id < v ? id : -1).toArray());
    Tensor y = ops.floats(wanted.length, table.dim(1));
    backend.gatherRows(table, real, y);
    try (var scope = ops.scope().child()) {
      Tensor rows = scope.floats(places.length, table.dim(1));
      backend.gatherRows(extra.detached(), virtual, rows);
      for (int i = 0; i < places.length; i++) {
        backend.copy(rows.slice(i, 1), y.slice(places[i], 1));
      }
    }
    return ops.track(table.requiresGrad() || extra.requiresGrad(), y, (dy, into, s) -> {
      if (table.requiresGrad()) {
        backend.scatterAddRows(dy, known, into.getOrZero(table));
      }
      if (extra.requiresGrad()) {
        Tensor d = s.floats(places.length, table.dim(1));
        backend.gatherRows(dy, at, d);
        backend.scatterAddRows(d, virtual, into.getOrZero(extra));
      }
    }, at, virtual, known);
  }
}
