package io.swiftjvm.backend;

/**
 * Which rows of a flat batch belong together. Sequence {@code s} has queries {@code [qStart, qStart + qLength)} and
 * keys {@code [kStart, kStart + kLength)}; its query {@code t} is at position {@code kLength - qLength + t} among its
 * keys and sees no later one. Packed training rows have equal starts and lengths; with a KV cache the keys are cache
 * rows.
 */
public record Segments(int[] qStart, int[] qLength, int[] kStart, int[] kLength) {
  public Segments {
    int n = qStart.length;
    if (qLength.length != n || kStart.length != n || kLength.length != n) {
      throw new IllegalArgumentException("segment arrays differ in length");
    }
    for (int s = 0; s < n; s++) {
      if (qStart[s] < 0 || kStart[s] < 0 || qLength[s] < 0 || kLength[s] < qLength[s]) {
        throw new IllegalArgumentException(
            "segment " + s + ": queries " + qStart[s] + "+" + qLength[s] + ", keys " + kStart[s] + "+" + kLength[s]);
      }
    }
  }

  /** Rows packed one behind the other: {@code cuSeqlens = [0, n0, n0 + n1, ...]}. */
  public static Segments packed(int... cuSeqlens) {
    int n = cuSeqlens.length - 1;
    int[] start = new int[n];
    int[] length = new int[n];
    for (int s = 0; s < n; s++) {
      start[s] = cuSeqlens[s];
      length[s] = cuSeqlens[s + 1] - cuSeqlens[s];
    }
    return new Segments(start, length, start, length);
  }

  public int count() {
    return qStart.length;
  }
}
