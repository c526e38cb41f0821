package io.swiftjvm.backend;

import io.swiftjvm.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of a flat batch belong together. Sequence {@code s} has queries {@code [qStart, qStart + qLength)} and
 * keys {@code [kStart, kStart + kLength)}; its query {@code t} is at position {@code kLength - qLength + t} among its
 * keys and sees no later one. Packed training rows have equal starts and lengths; with a KV cache the keys are cache
 * rows, where {@code pages} say.
 *
 * @param pages where keys lie, or null: then {@code kStart} is the row of a sequence's first key and the others follow
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Segments(int[] qStart, int[] qLength, int[] kStart, int[] kLength, @Nullable Pages pages) {
  /**
   * Keys in pages (PagedAttention, arXiv 2309.06180): {@code table}, int32, has the pages of all sequences; those of
   * sequence {@code s} begin at entry {@code kStart[s]}, so that its key {@code j} lies in row
   * {@code table[kStart[s] + j / size] * size + j % size}.
   *
   * @param size rows of a page, a power of two up to {@link #LARGEST}
   */
  public record Pages(int size, Tensor table) {
    /** Rows of the largest page: the keys that a kernel takes at a time. */
    public static final int LARGEST = 64;

    public Pages {
      if (size < 1 || size > LARGEST || Integer.bitCount(size) != 1) {
        throw new IllegalArgumentException("pages have 1, 2, 4 .. " + LARGEST + " rows, got " + size);
      }
    }
  }

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

  /** Sequences whose keys follow each other. */
  public Segments(int[] qStart, int[] qLength, int[] kStart, int[] kLength) {
    this(qStart, qLength, kStart, kLength, null);
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

  /** The same arrays under an identity of their own, for those who keep what they made of segments by it. */
  public Segments again() {
    return new Segments(qStart, qLength, kStart, kLength, pages);
  }

  /** Entries of the page table that belong to sequence {@code s}. */
  public int pageCount(int s) {
    return pages == null ? 0 : Math.ceilDiv(kLength[s], pages.size());
  }

  public int count() {
    return qStart.length;
  }
}
