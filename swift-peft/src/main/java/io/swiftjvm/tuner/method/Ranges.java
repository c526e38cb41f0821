package io.swiftjvm.tuner.method;

import io.swiftjvm.error.InvalidPlanException;

/** Checks of settings. */
final class Ranges {
  private Ranges() {}

  static void atLeast(String field, long value, long least) {
    if (value < least) {
      throw new InvalidPlanException(field + " is " + value + "; it must be " + least + " or more.");
    }
  }

  static void scale(String field, double value) {
    if (!Double.isFinite(value) || value == 0) {
      throw new InvalidPlanException(field + " is " + value + "; it must be finite and not 0.");
    }
  }

  static void dropout(String field, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new InvalidPlanException(field + " is " + value + "; it must be 0 or more and below 1.");
    }
  }

  static void check(boolean legal, String complaint) {
    if (!legal) {
      throw new InvalidPlanException(complaint);
    }
  }
}
