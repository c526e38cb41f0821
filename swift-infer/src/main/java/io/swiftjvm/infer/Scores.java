package io.swiftjvm.infer;

import java.util.Arrays;
import java.util.function.IntPredicate;

/** Arithmetic on one row of scores, in double where values are summed. */
final class Scores {
  /** Eight groups of probabilities to a doubling, up to one. */
  private static final int GROUP_SHIFT = 20;
  static final int GROUPS = (Float.floatToIntBits(1) >>> GROUP_SHIFT) + 1;

  private Scores() {}

  /** Index of the greatest score, the first of equals; -1 if there is none above negative infinity or one is NaN. */
  static int argmax(float[] scores) {
    int best = -1;
    float most = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] > most) {
        most = scores[i];
        best = i;
      } else if (Float.isNaN(scores[i])) {
        return -1;
      }
    }
    return best;
  }

  /** Softmax. */
  static double[] probabilities(float[] scores) {
    return probabilities(scores, new double[scores.length]);
  }

  /** Softmax into p, which is returned. */
  static double[] probabilities(float[] scores, double[] p) {
    double max = max(scores);
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      p[i] = scores[i] == Float.NEGATIVE_INFINITY ? 0 : Math.exp(scores[i] - max);
      sum += p[i];
    }
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
    return p;
  }

  /** Log of the sum of the exponentials. */
  static double logSumExp(float[] scores) {
    double max = max(scores);
    double sum = 0;
    for (float score : scores) {
      sum += Math.exp(score - max);
    }
    return max + Math.log(sum);
  }

  static float max(float[] scores) {
    float max = Float.NEGATIVE_INFINITY;
    for (float score : scores) {
      max = Math.max(max, score);
    }
    return max;
  }

  /** The {@code k}-th greatest score, 1 = the greatest. */
  static float kthGreatest(float[] scores, int k) {
    return kthGreatest(scores, new float[Math.min(k, scores.length)]);
  }

  /** As many scores as {@code heap} has places, the greatest ones, are put there, so that a large vocabulary is not sorted. */
  static float kthGreatest(float[] scores, float[] heap) {
    System.arraycopy(scores, 0, heap, 0, heap.length);
    Arrays.sort(heap); // ascending is a min-heap
    for (int i = heap.length; i < scores.length; i++) {
      if (scores[i] > heap[0]) {
        heap[0] = scores[i];
        sink(heap);
      }
    }
    return heap[0];
  }

  private static void sink(float[] heap) {
    int at = 0;
    while (2 * at + 1 < heap.length) {
      int child = 2 * at + 1;
      if (child + 1 < heap.length && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[at] <= heap[child]) {
        return;
      }
      float moved = heap[at];
      heap[at] = heap[child];
      heap[child] = moved;
      at = child;
    }
  }

  /** Indices of scores above negative infinity, the least {@code values} first; of equals the lower index first. */
  static int[] ascending(double[] values, float[] scores) {
    long[] keys = new long[scores.length];
    int n = 0;
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] != Float.NEGATIVE_INFINITY) {
        keys[n++] = key(values[i], i);
      }
    }
    Arrays.sort(keys, 0, n);
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = (int) keys[i];
    }
    return order;
  }

  /**
   * Forbids the least probable tokens whose probabilities, the numbers of {@code room}, come to {@code mass} at most together,
   * but for the {@code keep} most probable ones. Those of like size are added up first: only where the sum passes the mass an
   * order is needed.
   */
  static void dropLeast(float[] scores, ScoreRoom.Place room, double mass, int keep) {
    double[] p = room.numbers;
    double[] sums = room.sums;
    int[] counts = room.counts;
    Arrays.fill(sums, 0);
    Arrays.fill(counts, 0);
    int left = 0;
    for (int i = 0; i < p.length; i++) {
      if (scores[i] != Float.NEGATIVE_INFINITY) {
        int group = group(p[i]);
        sums[group] += p[i];
        counts[group]++;
        left++;
      }
    }
    double sum = 0;
    int last = 0;
    while (last < GROUPS && sum + sums[last] <= mass && left - counts[last] >= keep) {
      sum += sums[last];
      left -= counts[last++];
    }
    int n = 0;
    long[] keys = room.keys(last < GROUPS ? counts[last] : 0);
    for (int i = 0; i < p.length; i++) {
      if (scores[i] != Float.NEGATIVE_INFINITY) {
        int group = group(p[i]);
        if (group < last) {
          scores[i] = Float.NEGATIVE_INFINITY;
        } else if (group == last) {
          keys[n++] = key(p[i], i);
        }
      }
    }
    Arrays.sort(keys, 0, n);
    for (int i = 0; i < n && left > keep; i++, left--) {
      sum += p[(int) keys[i]];
      if (sum > mass) {
        return;
      }
      scores[(int) keys[i]] = Float.NEGATIVE_INFINITY;
    }
  }

  /** A number for probabilities of like size, larger for larger ones: what their floats begin with. */
  private static int group(double p) {
    return Math.min(GROUPS - 1, Float.floatToRawIntBits((float) p) >>> GROUP_SHIFT);
  }

  /** Sorts by value, of equals the lower index first: bits of a float that is not negative sort like the float. */
  private static long key(double value, int index) {
    return ((long) Float.floatToIntBits((float) value + 0f) << Integer.SIZE) | index;
  }

  /** Forbids every token that {@code drop} names, but for the {@code keep} greatest. */
  static void dropBelow(float[] scores, int keep, IntPredicate drop) {
    float kept = kthGreatest(scores, keep);
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] < kept && drop.test(i)) {
        scores[i] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  /** Entropy in nats. */
  static double entropy(double[] p) {
    double sum = 0;
    for (double x : p) {
      sum -= x > 0 ? x * Math.log(x) : 0;
    }
    return sum;
  }
}
