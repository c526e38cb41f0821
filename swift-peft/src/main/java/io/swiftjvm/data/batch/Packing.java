package io.swiftjvm.data.batch;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Joins rows to packs without cutting any, as ms-swift does. BINPACK: in windows of 1000 rows, the longest first, each
 * into the emptiest pack that has room, else into a new one; the pack made last goes on into the next window.
 * SEQUENTIAL:
 * in order, a new pack when the next row does not fit. A row above the capacity gets a pack of its own.
 */
public final class Packing {
  private static final int WINDOW = 1000;

  /** How rows are chosen for a pack. */
  public enum Strategy { BINPACK, SEQUENTIAL }

  private Packing() {}

  private record Bin(int number, List<Integer> rows, long[] used) {}

  /** Row numbers of each pack. */
  public static List<int[]> pack(int[] lengths, int capacity, Strategy strategy) {
    return strategy == Strategy.SEQUENTIAL ? sequential(lengths, capacity) : binpack(lengths, capacity);
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

  private static List<int[]> sequential(int[] lengths, int capacity) {
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
    }
    if (!pack.isEmpty()) {
      packs.add(array(pack));
    }
    return packs;
  }

  private static List<int[]> binpack(int[] lengths, int capacity) {
    List<int[]> packs = new ArrayList<>();
    List<Integer> carried = new ArrayList<>();
    for (int from = 0; from < lengths.length; from += WINDOW) {
      int to = Math.min(lengths.length, from + WINDOW);
      List<Integer> rows = new ArrayList<>(carried);
      for (int row = from; row < to; row++) {
        rows.add(row);
      }
      List<Bin> bins = window(lengths, capacity, rows);
      boolean last = to == lengths.length;
      for (Bin bin : last ? bins : bins.subList(0, bins.size() - 1)) {
        packs.add(array(bin.rows()));
      }
      carried = last ? List.of() : bins.getLast().rows();
    }
    return packs;
  }

  private static List<Bin> window(int[] lengths, int capacity, List<Integer> rows) {
    List<Integer> sorted = new ArrayList<>(rows);
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
    return bins;
  }

  private static int[] array(List<Integer> rows) {
    return rows.stream().mapToInt(Integer::intValue).toArray();
  }
}
