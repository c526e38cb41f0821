package io.swiftjvm.train.optimizer.rule;

import java.util.Locale;

/** On which sides GaLore projects, by the names of its authors' {@code proj_type}. */
public enum Projection {
  /** The smaller side. */
  STD,
  /** The larger side. */
  REVERSE_STD,
  /** Columns. */
  RIGHT,
  /** Rows. */
  LEFT,
  /** Both. */
  FULL;

  boolean left(long rows, long columns) {
    return switch (this) {
      case STD -> rows < columns;
      case REVERSE_STD -> rows >= columns;
      case LEFT, FULL -> true;
      case RIGHT -> false;
    };
  }

  boolean right(long rows, long columns) {
    return this == FULL || !left(rows, columns);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
