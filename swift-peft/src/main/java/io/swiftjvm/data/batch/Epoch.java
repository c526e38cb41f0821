package io.swiftjvm.data.batch;

import java.util.Arrays;

/**
 * The micro-batches of one pass over the data.
 *
 * @param rows all rows in their order
 * @param starts where each batch begins in {@code rows}, and the number of rows at the end
 */
public record Epoch(int[] rows, int[] starts) {
  /** Number of batches. */
  public int batches() {
    return starts.length - 1;
  }

  /** The rows of batch {@code number}, from 0. */
  public int[] batch(int number) {
    return Arrays.copyOfRange(rows, starts[number], starts[number + 1]);
  }

  /** Batches of {@code size} rows, the last with what is left. */
  static Epoch even(int[] rows, int size) {
    int[] starts = new int[Math.ceilDiv(rows.length, size) + 1];
    for (int i = 1; i < starts.length; i++) {
      starts[i] = (int) Math.min(rows.length, (long) i * size);
    }
    return new Epoch(rows, starts);
  }
}
