package io.swiftjvm.model;

import java.util.List;

/**
 * Rotary position embedding (arXiv 2104.09864): which columns of a head turn, and how fast. Numbers are rounded to
 * float32 where transformers does it, so that angles at far positions are the same.
 *
 * @param theta base of the frequencies, over 0
 * @param rotary columns that are rotated, even, the first ones of a head
 * @param interleaved pairs are (0,1),(2,3).. instead of (i, i + rotary/2)
 * @param scaling the stretch for long texts
 */
public record RopeSpec(double theta, int rotary, boolean interleaved, RopeScaling scaling) {
  public RopeSpec {
    if (!(theta > 0) || rotary < 2 || rotary % 2 != 0) {
      throw new IllegalArgumentException("rope needs theta > 0 and an even number of columns, got theta " + theta
          + " and " + rotary + " columns");
    }
  }

  /** Turns in radians a position, of each of the {@code rotary / 2} pairs, in a text of {@code length} positions. */
  public float[] frequencies(long length) {
    return switch (scaling) {
      case RopeScaling.None none -> plain(theta);
      case RopeScaling.Linear linear -> linear(plain(theta), linear.factor());
      case RopeScaling.Dynamic d -> plain(grown(d, Math.max(length, d.original())));
      case RopeScaling.Yarn yarn -> yarn(yarn);
      case RopeScaling.Llama3 llama -> llama3(llama);
      case RopeScaling.LongRope l -> divided(length > l.original() ? l.longFactors() : l.shortFactors());
    };
  }

  /** Factor on cos and sin. */
  public double attentionFactor() {
    return switch (scaling) {
      case RopeScaling.Yarn yarn -> yarn.attention();
      case RopeScaling.LongRope longRope -> longRope.attention();
      default -> 1;
    };
  }

  /** Equal for two lengths whose {@link #frequencies} are equal. */
  long variant(long length) {
    return switch (scaling) {
      case RopeScaling.Dynamic d -> Math.max(length, d.original());
      case RopeScaling.LongRope l -> length > l.original() ? 1 : 0;
      default -> 0;
    };
  }

  /** True if the frequencies depend on how long a text is. */
  public boolean varies() {
    return scaling instanceof RopeScaling.Dynamic || scaling instanceof RopeScaling.LongRope;
  }

  private float power(double base, int pair) {
    return (float) Math.pow((float) base, 2f * pair / rotary);
  }

  private float[] plain(double base) {
    float[] f = new float[rotary / 2];
    for (int i = 0; i < f.length; i++) {
      f[i] = 1f / power(base, i);
    }
    return f;
  }

  private static float[] linear(float[] f, double factor) {
    for (int i = 0; i < f.length; i++) {
      f[i] /= (float) factor;
    }
    return f;
  }

  private double grown(RopeScaling.Dynamic d, long length) {
    double ratio = d.factor() * length / d.original() - (d.factor() - 1);
    return theta * Math.pow(ratio, rotary / (rotary - 2.0));
  }

  private float[] divided(List<Double> factors) {
    float[] f = new float[rotary / 2];
    for (int i = 0; i < f.length; i++) {
      f[i] = 1f / ((float) (double) factors.get(i) * power(theta, i));
    }
    return f;
  }

  private float[] yarn(RopeScaling.Yarn y) {
    double low = turningPair(y.betaFast(), y.original());
    double high = turningPair(y.betaSlow(), y.original());
    if (y.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, rotary - 1);
    float width = (float) (low == high ? 0.001 : high - low);
    float[] f = new float[rotary / 2];
    for (int i = 0; i < f.length; i++) {
      float ramp = Math.clamp((i - (float) low) / width, 0f, 1f);
      float stays = 1 - ramp;
      float p = power(theta, i);
      f[i] = 1f / ((float) y.factor() * p) * (1 - stays) + 1f / p * stays;
    }
    return f;
  }

  /** The pair that turns {@code turns} times over {@code positions}, as a real number. */
  private double turningPair(double turns, int positions) {
    return rotary * Math.log(positions / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private float[] llama3(RopeScaling.Llama3 l) {
    float[] f = plain(theta);
    for (int i = 0; i < f.length; i++) {
      float wave = (float) (2 * Math.PI) / f[i];
      if (wave > l.original() / l.low()) {
        f[i] /= (float) l.factor();
      } else if (wave >= l.original() / l.high()) {
        float smooth = (l.original() / wave - (float) l.low()) / (float) (l.high() - l.low());
        f[i] = (1 - smooth) * f[i] / (float) l.factor() + smooth * f[i];
      }
    }
    return f;
  }
}
