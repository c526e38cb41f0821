package io.swiftjvm.data.batch;

import io.swiftjvm.tuner.Seeds;
import java.util.Arrays;

/**
 * Which rows form the batches of which epoch: a pure function of the epoch's number, so that any step can be asked for at
 * any time.
 *
 * {@snippet :
 * Epoch second = BatchOrder.ofRows(rows, 8, true, 42).epoch(1);
 * }
 */
@FunctionalInterface
public interface BatchOrder {
  /** The batches of epoch {@code number}, from 0. */
  Epoch epoch(int number);

  /** {@code size} rows a batch, in file order or in another order every epoch. */
  static BatchOrder ofRows(int rows, int size, boolean shuffle, long seed) {
    return epoch -> Epoch.even(order(rows, shuffle, seed, epoch), size);
  }

  /**
   * {@code size} rows a batch, rows of like length together, the longest row in the first batch: the order of
   * transformers' length-grouped sampler (sorted in mega-batches of up to 50 batches) over our own shuffle.
   */
  static BatchOrder byLength(int[] lengths, int size, long seed) {
    return epoch -> Epoch.even(LengthGroups.order(order(lengths.length, true, seed, epoch), lengths, size), size);
  }

  /**
   * As many rows a batch as have at most {@code maxTokens} tokens, never more. Shuffled, rows of like length come
   * together (they cost alike), and the batches come in any order; else rows keep their order.
   */
  static BatchOrder byTokens(int[] lengths, int maxTokens, boolean shuffle, long seed) {
    return epoch -> {
      int[] order = order(lengths.length, shuffle, seed, epoch);
      return shuffle ? TokenGroups.shuffled(order, lengths, maxTokens, seed, epoch) : TokenGroups.inOrder(order, lengths, maxTokens);
    };
  }

  private static int[] order(int rows, boolean shuffle, long seed, int epoch) {
    int[] order = new int[rows];
    Arrays.setAll(order, i -> i);
    if (shuffle) {
      shuffle(order, seed, "epoch " + epoch);
    }
    return order;
  }

  /** Fisher and Yates over the stream of random numbers {@code name} under {@code seed}. */
  static void shuffle(int[] order, long seed, String name) {
    Seeds random = Seeds.of(seed, name);
    for (int i = order.length - 1; i > 0; i--) {
      int j = (int) (random.uniform() * (i + 1));
      int swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
  }
}
