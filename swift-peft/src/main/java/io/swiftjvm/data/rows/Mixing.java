package io.swiftjvm.data.rows;

import io.swiftjvm.error.InvalidPlanException;
import java.util.List;
import java.util.Locale;

/**
 * How several data sets become one: one behind the other, or drawn from with probabilities (ms-swift's
 * {@code interleave_prob} and {@code stopping_strategy}).
 *
 * @param probabilities one above 0 for each data set, 1 in all; empty = one behind the other
 * @param stopping when a mixture ends
 */
public record Mixing(List<Double> probabilities, Stopping stopping) {
  /** When a mixture ends. */
  public enum Stopping {
    /** With the last row of the data set that ends first; what the others have left is not used, and told. */
    FIRST_EXHAUSTED,
    /** When every data set was read to its end; those that end early begin again, and that is told. */
    ALL_EXHAUSTED;

    /** The strategy of that name in any case. */
    public static Stopping of(String name) {
      for (Stopping value : values()) {
        if (value.toString().equals(name.toLowerCase(Locale.ROOT))) {
          return value;
        }
      }
      throw new InvalidPlanException(
          "stopping_strategy is '" + name + "'; it must be first_exhausted or all_exhausted.");
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** One data set behind the other. */
  public static final Mixing NONE = new Mixing(List.of(), Stopping.FIRST_EXHAUSTED);

  public Mixing {
    probabilities = List.copyOf(probabilities);
    double sum = probabilities.stream().mapToDouble(Double::doubleValue).sum();
    if (!probabilities.isEmpty() && !(probabilities.stream().allMatch(p -> p > 0) && Math.abs(sum - 1) < 1e-6)) {
      throw new InvalidPlanException(
          "interleave_prob is " + probabilities + "; each must be above 0, and they must add up to 1.");
    }
  }

  /** True if rows are drawn from {@code count} data sets. */
  boolean mixes(int count) {
    if (!probabilities.isEmpty() && probabilities.size() != count) {
      throw new InvalidPlanException("interleave_prob has " + probabilities.size() + " entries for " + count
          + " data sets. Give one for each.");
    }
    return probabilities.size() > 1;
  }

  /** The data set that a number in [0, 1) draws. */
  int pick(double uniform) {
    double sum = 0;
    for (int i = 0; i < probabilities.size(); i++) {
      sum += probabilities.get(i);
      if (uniform < sum) {
        return i;
      }
    }
    return probabilities.size() - 1;
  }
}
