package io.swiftjvm.infer;

import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Places for one number for each token of a vocabulary, used again by whoever draws the next token: they are the largest thing that
 * a draw needs. Thread-safe.
 */
final class ScoreRoom {
  private final ConcurrentLinkedDeque<double[]> spares = new ConcurrentLinkedDeque<>();

  /** {@code n} numbers that mean nothing. */
  double[] take(int n) {
    double[] spare = spares.pollFirst();
    return spare != null && spare.length == n ? spare : new double[n];
  }

  /** Takes them back when nobody looks at them any more. */
  void give(double[] numbers) {
    spares.addFirst(numbers);
  }
}
