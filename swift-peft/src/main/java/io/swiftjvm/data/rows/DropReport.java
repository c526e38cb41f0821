package io.swiftjvm.data.rows;

import java.util.ArrayList;
import java.util.List;

/**
 * What became of the rows that were read. Nothing is ever dropped without an entry here.
 *
 * @param kept rows that are used
 * @param dropped rows that are not, with the reason
 */
public record DropReport(int kept, List<Dropped> dropped) {
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

  /** The same with {@code more} of the kept rows dropped. */
  public DropReport without(List<Dropped> more) {
    List<Dropped> all = new ArrayList<>(dropped);
    all.addAll(more);
    return new DropReport(kept - more.size(), all);
  }

  /** {@code "12 rows kept, 3 dropped"}. */
  @Override
  public String toString() {
    return kept + " rows kept, " + dropped.size() + " dropped";
  }
}
