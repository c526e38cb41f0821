package io.swiftjvm.bench.tiny;

import java.util.List;
import java.util.SplittableRandom;

/** A seeded source of choices: the same seed gives the same corpus on every machine. */
final class Dice {
  private final SplittableRandom random;

  Dice(long seed) {
    random = new SplittableRandom(seed);
  }

  /** One entry, all equally likely. */
  <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  /** A whole number from {@code low} to {@code high}, both included. */
  int between(int low, int high) {
    return random.nextInt(low, high + 1);
  }

  /** True with the given chance, 0 .. 1. */
  boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  /** A uniform number in [0, 1). */
  double unit() {
    return random.nextDouble();
  }
}
