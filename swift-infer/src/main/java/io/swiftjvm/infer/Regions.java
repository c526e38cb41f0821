package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Where the rows of each slot of a cache lie: one region a slot, one behind the other with gaps. A region that grows
 * stays where it is if there is room behind it, else it moves; so memory follows the tokens that there are, not the
 * longest sequence times the slots.
 */
final class Regions {
  /** Regions are multiples of so many rows. */
  static final int CHUNK = 64;

  private final int[] starts;
  private final int[] sizes;
  private int rows;

  Regions(int slots) {
    starts = new int[slots];
    sizes = new int[slots];
  }

  /** Rows of all regions and gaps. */
  int rows() {
    return rows;
  }

  int start(int slot) {
    return starts[slot];
  }

  int[] starts() {
    return starts.clone();
  }

  void free(int slot) {
    sizes[slot] = 0;
  }

  boolean fits(int slot, int wanted) {
    return wanted <= sizes[slot];
  }

  /**
   * Makes room for {@code wanted} rows of a slot among the rows that there are.
   *
   * @param limit most rows it will ever have
   * @return false if there is no gap for it; then nothing changed
   */
  boolean place(int slot, int wanted, int limit) {
    int size = size(slot, wanted, limit);
    int next = starts(slot).filter(start -> start >= starts[slot] + sizes[slot]).min().orElse(rows);
    if (sizes[slot] > 0 && next - starts[slot] >= size) {
      sizes[slot] = size;
      return true;
    }
    int gap = IntStream.concat(IntStream.of(0), ends()).filter(from -> isFree(from, size)).min().orElse(-1);
    if (gap < 0) {
      return false;
    }
    starts[slot] = gap;
    sizes[slot] = size;
    return true;
  }

  /** Lays all regions side by side, that of {@code slot} grown, with a gap behind them for what comes. */
  void relay(int slot, int wanted, int limit) {
    sizes[slot] = size(slot, wanted, limit);
    long end = 0;
    for (int i = 0; i < sizes.length; i++) {
      starts[i] = (int) Math.min(end, Integer.MAX_VALUE);
      end += sizes[i];
    }
    long spare = Arrays.stream(sizes).filter(size -> size > 0).count() > 1 ? end / 4 / CHUNK * CHUNK : 0;
    if (end + spare > Integer.MAX_VALUE) {
      throw new InvalidPlanException("The sequences need " + end + " cache rows, more than 2^31. Work on fewer at once "
          + "or on shorter ones.");
    }
    rows = (int) (end + spare);
  }

  private int size(int slot, int wanted, int limit) {
    long grown = Math.max(wanted, sizes[slot] + (long) sizes[slot] / 2);
    long most = Math.ceilDiv((long) limit, CHUNK) * CHUNK;
    return (int) Math.min(Math.ceilDiv(grown, CHUNK) * CHUNK, most);
  }

  private IntStream starts(int except) {
    return IntStream.range(0, sizes.length).filter(i -> i != except && sizes[i] > 0).map(i -> starts[i]);
  }

  private IntStream ends() {
    return IntStream.range(0, sizes.length).filter(i -> sizes[i] > 0).map(i -> starts[i] + sizes[i]);
  }

  private boolean isFree(int from, int size) {
    return from + (long) size <= rows && IntStream.range(0, sizes.length)
        .noneMatch(i -> sizes[i] > 0 && starts[i] < from + size && from < starts[i] + sizes[i]);
  }
}
