package io.swiftjvm.infer;

/**
 * The random numbers of sampling: draw {@code i} of a seed is SplitMix64's output for state {@code seed + (i + 1) *
 * gamma} (Steele, Lea, Flood 2014), its upper 53 bits over 2^53. A pure function of both, so that an answer depends
 * neither on its neighbours in a batch nor on how its steps were cut.
 */
final class Draws {
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private Draws() {}

  /** A number in [0, 1). */
  static double uniform(long seed, long index) {
    return (mix(seed + (index + 1) * GAMMA) >>> 11) * 0x1.0p-53;
  }

  /** The first index whose running sum of {@code p} exceeds {@code u}; the last possible one against rounding. */
  static int choose(double[] p, double u) {
    double sum = 0;
    int last = -1;
    for (int i = 0; i < p.length; i++) {
      if (p[i] > 0) {
        sum += p[i];
        last = i;
        if (sum > u) {
          return i;
        }
      }
    }
    return last;
  }

  private static long mix(long state) {
    long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
