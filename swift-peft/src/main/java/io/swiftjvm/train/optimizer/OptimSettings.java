package io.swiftjvm.train.optimizer;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;

/** The settings of one optimizer, given or by default, each checked when it is read. */
record OptimSettings(OptimType type, OptimSpec spec, Map<String, Double> defaults) {
  OptimSettings {
    for (String name : spec.args().keySet()) {
      if (!defaults.containsKey(name)) {
        throw new InvalidPlanException("optim_args has '" + name + "', which " + type + " does not take; it takes "
            + (defaults.isEmpty() ? "none" : new TreeSet<>(defaults.keySet())) + ".");
      }
    }
  }

  /** A number of at least 0. */
  double get(String name) {
    return check(name, value(name) >= 0, "0 or more");
  }

  boolean on(String name) {
    return check(name, value(name) == 0 || value(name) == 1, "0 or 1") == 1;
  }

  double part(String name) {
    return check(name, value(name) >= 0 && value(name) < 1, "0 .. below 1");
  }

  double positive(String name) {
    return check(name, value(name) > 0, "above 0");
  }

  double negative(String name) {
    return check(name, value(name) < 0 && value(name) >= -1, "-1 .. below 0");
  }

  private double value(String name) {
    Double given = spec.args().get(name);
    return given != null ? given : Objects.requireNonNull(defaults.get(name), name);
  }

  private double check(String name, boolean legal, String range) {
    double value = value(name);
    if (!legal || !Double.isFinite(value)) {
      throw new InvalidPlanException(
          "optim_args " + name + " of " + type + " is " + value + "; it must be " + range + ".");
    }
    return value;
  }
}
