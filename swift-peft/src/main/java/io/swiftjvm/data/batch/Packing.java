package io.swiftjvm.data.batch;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;

/**
 * Joins rows to packs without cutting any, as ms-swift does. BINPACK: in windows of 1000 rows, the longest first, each
 * into the emptiest pack that has room, else into a new one; the pack made last goes on into the next window.
 * SEQUENTIAL: in order, a new pack when the next row does not fit. A row above the capacity gets a pack of its own.
 *
 * {@snippet :
 * List<int[]> packs = Packing.pack(lengths, 4096, Packing.Strategy.BINPACK);
 * double fill = Packing.fillRatio(lengths, packs, 4096);
 * }
 */
public final class Packing {
  /** Rows that are looked at together. */
  public static final int WINDOW = 1000;

  /** How rows are chosen for a pack. */
  public enum Strategy {
    /** Fullest packs; rows change their order. */
    BINPACK,
    /** Rows keep their order. */
    SEQUENTIAL;

    /** The strategy of that name in any case. */
    public static Strategy of(String name) {
      for (Strategy value : values()) {
        if (value.toString().equals(name.toLowerCase(Locale.ROOT))) {
          return value;
        }
      }
      throw new InvalidPlanException("packing_strategy is '" + name + "'; it must be binpack or sequential.");
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Packs of one window.
   *
   * @param packs rows of each pack, by their place in the window
   * @param carried rows that wait for the next window
   */
  public record Window(List<int[]> packs, int[] carried) {}

  private record Bin(int number, List<Integer> rows, long[] used) {}

  private Packing() {}

  /** Row numbers of each pack. */
  public static List<int[]> pack(int[] lengths, int capacity, Strategy strategy) {
    List<int[]> packs = new ArrayList<>();
    int[] carried = {};
    for (int from = 0; from < lengths.length; from += WINDOW) {
      int to = Math.min(lengths.length, from + WINDOW);
      int[] rows = new int[carried.length + to - from];
      int[] own = new int[rows.length];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = i < carried.length ? carried[i] : from + i - carried.length;
        own[i] = lengths[rows[i]];
      }
      Window window = window(own, capacity, strategy, to == lengths.length);
      window.packs().forEach(pack -> packs.add(chosen(rows, pack)));
      carried = chosen(rows, window.carried());
    }
    return packs;
  }

  /**
   * Packs of one window of rows; unless it is the last, the pack that may still be filled is carried over instead: put
   * its rows at the head of the next window.
   */
  public static Window window(int[] lengths, int capacity, Strategy strategy, boolean last) {
    return strategy == Strategy.SEQUENTIAL ? sequential(lengths, capacity, last) : binpack(lengths, capacity, last);
  }

  /** Share of the capacity of all packs that rows fill. */
  public static double fillRatio(int[] lengths, List<int[]> packs, int capacity) {
    long used = 0;
    for (int[] pack : packs) {
      for (int row : pack) {
        used += lengths[row];
      }
    }
    return packs.isEmpty() ? 0 : (double) used / ((double) packs.size() * capacity);
  }

  private static Window sequential(int[] lengths, int capacity, boolean last) {
    List<int[]> packs = new ArrayList<>();
    List<Integer> pack = new ArrayList<>();
    long used = 0;
    for (int row = 0; row < lengths.length; row++) {
      if (!pack.isEmpty() && used + lengths[row] > capacity) {
        packs.add(array(pack));
        pack.clear();
        used = 0;
      }
      pack.add(row);
      used += lengths[row];
      if (used >= capacity || last && row == lengths.length - 1) {
        packs.add(array(pack));
        pack.clear();
        used = 0;
      }
    }
    return new Window(packs, array(pack));
  }

  private static Window binpack(int[] lengths, int capacity, boolean last) {
    List<Integer> sorted = new ArrayList<>();
    for (int row = 0; row < lengths.length; row++) {
      sorted.add(row);
    }
    sorted.sort(Comparator.comparingInt((Integer row) -> -lengths[row]));
    PriorityQueue<Bin> emptiest =
        new PriorityQueue<>(Comparator.comparingLong((Bin b) -> b.used()[0]).thenComparingInt(Bin::number));
    List<Bin> bins = new ArrayList<>();
    for (int row : sorted) {
      Bin bin = emptiest.peek();
      if (bin != null && bin.used()[0] + lengths[row] <= capacity) {
        emptiest.remove();
      } else {
        bin = new Bin(bins.size(), new ArrayList<>(), new long[1]);
        bins.add(bin);
      }
      bin.rows().add(row);
      bin.used()[0] += lengths[row];
      emptiest.add(bin);
    }
    int[] carried = last || bins.isEmpty() ? new int[0] : array(bins.removeLast().rows());
    return new Window(bins.stream().map(bin -> array(bin.rows())).toList(), carried);
  }

  private static int[] chosen(int[] rows, int[] places) {
    int[] out = new int[places.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = rows[places[i]];
    }
    return out;
  }

  private static int[] array(List<Integer> rows) {
    return rows.stream().mapToInt(Integer::intValue).toArray();
  }
}
