package io.swiftjvm.data.batch;

import java.util.Arrays;
import java.util.Comparator;

/** transformers' {@code get_length_grouped_indices}: mega-batches sorted by length, the longest row of all first. */
final class LengthGroups {
  private LengthGroups() {}

  static int[] order(int[] shuffled, int[] lengths, int batch) {
    int n = shuffled.length;
    if (n == 0) {
      return shuffled;
    }
    int mega = batch * Math.max(1, Math.min(n / (batch * 4), 50));
    int[] out = new int[n];
    int longest = 0;
    for (int from = 0; from < n; from += mega) {
      int to = Math.min(n, from + mega);
      Integer[] part = new Integer[to - from];
      for (int i = 0; i < part.length; i++) {
        part[i] = shuffled[from + i];
      }
      Arrays.sort(part, Comparator.comparingInt(row -> -lengths[row])); // stable, as Python's sort is
      for (int i = 0; i < part.length; i++) {
        out[from + i] = part[i];
      }
      longest = lengths[out[from]] > lengths[out[longest]] ? from : longest;
    }
    int swap = out[0];
    out[0] = out[longest];
    out[longest] = swap;
    return out;
  }
}
