package io.swiftjvm.tuner;

import java.nio.charset.StandardCharsets;

/**
 * Reproducible randomness without state shared between callers: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), keyed
 * by seed and name, so that a module's start values do not depend on which other modules exist.
 */
public final class Seeds {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private long state;

  private Seeds(long state) {
    this.state = state;
  }

  /** A stream of its own for {@code name} under {@code seed}. */
  public static Seeds of(long seed, String name) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return new Seeds(mix(seed, hash));
  }

  /** One key out of several parts; never 0, which switches dropout off. */
  public static long mix(long... parts) {
    long key = GOLDEN;
    for (long part : parts) {
      key = finish((key ^ part) + GOLDEN);
    }
    return key == 0 ? 1 : key;
  }

  /** The next 64 bits. */
  public long next() {
    state += GOLDEN;
    return finish(state);
  }

  /** Uniform in [0, 1). */
  public double uniform() {
    return (next() >>> 11) * 0x1.0p-53;
  }

  /** Standard normal, by Box and Muller; StrictMath, because results must not depend on the processor. */
  public double normal() {
    double u = 1.0 - uniform();
    return StrictMath.sqrt(-2.0 * StrictMath.log(u)) * StrictMath.cos(2.0 * Math.PI * uniform());
  }

  private static long finish(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }
}
