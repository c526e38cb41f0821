package io.swiftjvm.infer;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Places for the numbers that a draw needs, one and more for each token of a vocabulary, used again by whoever draws the next
 * token. Thread-safe.
 */
final class ScoreRoom {
  private final Deque<Place> spares = new ArrayDeque<>();

  /** Room for one draw; what it holds means nothing at first. */
  static final class Place {
    /** A number for each token. */
    final double[] numbers;
    /** A sum and a count for each of {@link Scores#GROUPS}. */
    final double[] sums = new double[Scores.GROUPS];

    final int[] counts = new int[Scores.GROUPS];
    private long[] keys = new long[0];
    private float[] greatest = new float[0];

    Place(int n) {
      numbers = new double[n];
    }

    /** At least {@code n} places for what is sorted. */
    long[] keys(int n) {
      if (keys.length < n) {
        keys = new long[Math.min(numbers.length, Math.max(64, 2 * n))];
      }
      return keys;
    }

    /** Exactly {@code k} places for the greatest scores. */
    float[] greatest(int k) {
      if (greatest.length != k) {
        greatest = new float[k];
      }
      return greatest;
    }
  }

  /** Room for {@code n} tokens. */
  Place take(int n) {
    synchronized (spares) {
      Place spare = spares.pollFirst();
      return spare != null && spare.numbers.length == n ? spare : new Place(n);
    }
  }

  /** Takes it back when nobody looks at it any more. */
  void give(Place place) {
    synchronized (spares) {
      spares.addFirst(place);
    }
  }
}
