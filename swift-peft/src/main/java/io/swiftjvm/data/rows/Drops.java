package io.swiftjvm.data.rows;

import io.swiftjvm.data.rows.DropReport.Dropped;
import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Counts what happens to rows while they are read: each drop is told at once, strict reading stops at the first, lenient
 * reading when too large a share is lost. Used by one thread.
 */
public final class Drops {
  /** A stream has no end at which to judge; it is judged from here on. */
  private static final int ENOUGH = 1000;

  private final boolean strict;
  private final double limit;
  private final Consumer<Dropped> listener;
  private final List<Dropped> named = new ArrayList<>();
  private int kept;
  private int count;

  /** Counts under the rules of {@code options}; {@code listener} hears of each drop. */
  public Drops(LoadOptions options, Consumer<Dropped> listener) {
    strict = options.strict();
    limit = options.maxDropRatio();
    this.listener = listener;
  }

  /** {@code rows} more rows are used. */
  public void keep(int rows) {
    kept += rows;
  }

  /** A row cannot be used. */
  public void drop(Origin origin, String reason) {
    if (strict) {
      throw new DatasetException(origin + ": " + reason + " (strict is true; without it the row would be dropped)");
    }
    Dropped dropped = new Dropped(origin, reason);
    count++;
    if (named.size() < DropReport.NAMED) {
      named.add(dropped);
    }
    listener.accept(dropped);
  }

  /** Drops so far. */
  public int count() {
    return count;
  }

  /** The first drop and its reason in words, or that there was none. */
  String first() {
    String text = named.isEmpty() ? "it is empty" : "the first: " + named.getFirst();
    return text.endsWith(".") ? text : text + ".";
  }

  /** Refuses to go on when more than the allowed share was dropped; call it when all rows are read. */
  public void judge() {
    if (count > limit * ((double) count + kept)) {
      throw new DatasetException(count + " of " + (count + kept) + " rows cannot be used, max_drop_ratio allows "
          + limit + "; " + first() + " Mend the data, or raise max_drop_ratio.");
    }
  }

  /** {@link #judge} for a stream: after enough rows. */
  public void judgeStream() {
    if (count + kept >= ENOUGH) {
      judge();
    }
  }

  /** What was counted. */
  public DropReport report() {
    return new DropReport(kept, named, count);
  }
}
