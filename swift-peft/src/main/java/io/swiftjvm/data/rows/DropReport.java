package io.swiftjvm.data.rows;

import java.util.ArrayList;
import java.util.List;

/**
 * What became of the rows that were read. Nothing is ever dropped without being counted here.
 *
 * @param kept rows that are used
 * @param dropped the first {@value #NAMED} rows that are not, with the reason
 * @param count all rows that are not used
 */
public record DropReport(int kept, List<Dropped> dropped, int count) {
  /** How many drops a report names; all are counted, and told when they happen. */
  public static final int NAMED = 10_000;

  /** One row that is not used. */
  public record Dropped(Origin origin, String reason) {
    @Override
    public String toString() {
      return origin + ": " + reason;
    }
  }

  public DropReport {
    dropped = List.copyOf(dropped);
  }

  /** A report that names every drop. */
  public DropReport(int kept, List<Dropped> dropped) {
    this(kept, dropped, dropped.size());
  }

  /** Both reports as one. */
  public DropReport and(DropReport other) {
    List<Dropped> all = new ArrayList<>(dropped);
    all.addAll(other.dropped.subList(0, Math.min(other.dropped.size(), NAMED - Math.min(NAMED, all.size()))));
    return new DropReport(kept + other.kept, all, count + other.count);
  }

  /** {@code "12 rows kept, 3 dropped"}. */
  @Override
  public String toString() {
    return kept + " rows kept, " + count + " dropped";
  }
}
