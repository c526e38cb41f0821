package io.swiftjvm.tuner.method;

import io.swiftjvm.tuner.Seeds;
import java.util.Arrays;

/** How the values of a fresh tensor start. */
@FunctionalInterface
interface Start {
  /** All zero: what makes an update start at nothing. */
  Start ZERO = (values, shape, random) -> { };
  /** All one. */
  Start ONE = constant(1);
  /** Uniform in +-1/sqrt(last dimension): torch's kaiming_uniform with a = sqrt(5). */
  Start KAIMING = (values, shape, random) ->
      fillUniform(values, 1 / Math.sqrt((double) shape[shape.length - 1]), random);
  /** Normal with standard deviation 1. */
  Start NORMAL = normal(1);

  /** Fills zeroed {@code values} of a tensor of {@code shape}. */
  void fill(float[] values, long[] shape, Seeds random);

  /** One value everywhere. */
  static Start constant(double value) {
    return (values, shape, random) -> Arrays.fill(values, (float) value);
  }

  /** Normal around 0. */
  static Start normal(double deviation) {
    return (values, shape, random) -> {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (deviation * random.normal());
      }
    };
  }

  /** Uniform in +-bound. */
  static Start uniform(double bound) {
    return (values, shape, random) -> fillUniform(values, bound, random);
  }

  /** Values that were computed. */
  static Start of(float[] computed) {
    return (values, shape, random) -> System.arraycopy(computed, 0, values, 0, values.length);
  }

  private static void fillUniform(float[] values, double bound, Seeds random) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((2 * random.uniform() - 1) * bound);
    }
  }
}
