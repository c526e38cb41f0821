package io.swiftjvm.data.rows;

import io.swiftjvm.error.Closing;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Rows drawn from several streams. Each stream is read one row ahead, so that the mixture knows with a stream's last row
 * that it has ended, as Hugging Face's interleave_datasets does.
 */
final class MixedRows implements RowStream {
  private final List<Supplier<RowStream>> sources;
  private final Mixing.Stopping stopping;
  private final IntSupplier picks;
  private final List<RowStream> open = new ArrayList<>();
  private final List<@Nullable Row> ahead = new ArrayList<>();
  private final boolean[] ended;
  private final int[] given;

  /** {@code picks} gives the number of the stream that each row comes from. */
  MixedRows(List<Supplier<RowStream>> sources, Mixing.Stopping stopping, IntSupplier picks) {
    this.sources = sources;
    this.stopping = stopping;
    this.picks = picks;
    ended = new boolean[sources.size()];
    given = new int[sources.size()];
    for (Supplier<RowStream> source : sources) {
      RowStream stream = source.get();
      open.add(stream);
      ahead.add(stream.next());
    }
    for (int i = 0; i < ended.length; i++) {
      ended[i] = ahead.get(i) == null;
    }
  }

  @Override
  public @Nullable Row next() {
    if (over()) {
      return null;
    }
    int source = picks.getAsInt();
    Row row = ahead.get(source);
    if (row == null) { // the stream ended before and begins again
      open.get(source).close();
      open.set(source, sources.get(source).get());
      row = open.get(source).next();
      if (row == null) {
        throw new IllegalStateException("a stream that had rows has none on its second pass");
      }
    }
    ahead.set(source, open.get(source).next());
    given[source]++;
    ended[source] |= ahead.get(source) == null;
    return row;
  }

  private boolean over() {
    boolean any = false;
    boolean all = true;
    for (boolean end : ended) {
      any |= end;
      all &= end;
    }
    return stopping == Mixing.Stopping.FIRST_EXHAUSTED ? any : all;
  }

  /** How many rows came from a stream, repeated ones counted again. */
  int given(int source) {
    return given[source];
  }

  @Override
  public void close() {
    Closing.each(open, RowStream::close);
  }
}
