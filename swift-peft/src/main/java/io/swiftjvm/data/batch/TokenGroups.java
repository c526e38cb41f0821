package io.swiftjvm.data.batch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Batches by number of tokens. */
final class TokenGroups {
  private TokenGroups() {}

  static Epoch inOrder(int[] rows, int[] lengths, int maxTokens) {
    return new Epoch(rows, starts(rows, lengths, maxTokens).stream().mapToInt(Integer::intValue).toArray());
  }

  static Epoch shuffled(int[] rows, int[] lengths, int maxTokens, long seed, int epoch) {
    List<int[]> batches = new ArrayList<>();
    for (int from = 0; from < rows.length; from += Packing.WINDOW) {
      int to = Math.min(rows.length, from + Packing.WINDOW);
      Integer[] sorted = new Integer[to - from];
      for (int i = 0; i < sorted.length; i++) {
        sorted[i] = rows[from + i];
      }
      Arrays.sort(sorted, Comparator.comparingInt(row -> lengths[row]));
      int[] window = Arrays.stream(sorted).mapToInt(Integer::intValue).toArray();
      List<Integer> starts = starts(window, lengths, maxTokens);
      for (int i = 0; i + 1 < starts.size(); i++) {
        batches.add(Arrays.copyOfRange(window, starts.get(i), starts.get(i + 1)));
      }
    }
    int[] order = new int[batches.size()];
    Arrays.setAll(order, i -> i);
    BatchOrder.shuffle(order, seed, "batches of epoch " + epoch);
    int[] out = new int[rows.length];
    int[] starts = new int[batches.size() + 1];
    for (int i = 0; i < order.length; i++) {
      int[] batch = batches.get(order[i]);
      System.arraycopy(batch, 0, out, starts[i], batch.length);
      starts[i + 1] = starts[i] + batch.length;
    }
    return new Epoch(out, starts);
  }

  private static List<Integer> starts(int[] rows, int[] lengths, int maxTokens) {
    List<Integer> starts = new ArrayList<>(List.of(0));
    long used = 0;
    for (int i = 0; i < rows.length; i++) {
      int length = lengths[rows[i]];
      if (length > maxTokens) {
        throw new IllegalArgumentException("row " + rows[i] + " has " + length + " tokens, above the limit " + maxTokens);
      }
      if (used + length > maxTokens) {
        starts.add(i);
        used = 0;
      }
      used += length;
    }
    if (rows.length > 0) {
      starts.add(rows.length);
    }
    return starts;
  }
}
