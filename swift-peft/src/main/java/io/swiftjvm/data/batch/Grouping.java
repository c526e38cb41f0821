package io.swiftjvm.data.batch;

import io.swiftjvm.error.InvalidPlanException;
import org.jspecify.annotations.Nullable;

/**
 * Which rows come together in a micro-batch. No batch is ever padded: rows lie one behind the other.
 *
 * @param packing how packs are made, where packing is on
 * @param byLength rows of like length together, the longest batch first (ms-swift's {@code group_by_length})
 * @param maxTokens a micro-batch takes as many rows as have at most this many tokens; null = a fixed number of rows
 */
public record Grouping(Packing.Strategy packing, boolean byLength, @Nullable Integer maxTokens) {
  /** Fixed numbers of rows in the order of the data. */
  public static final Grouping DEFAULT = new Grouping(Packing.Strategy.BINPACK, false, null);

  public Grouping {
    if (maxTokens != null && maxTokens < 2) {
      throw new InvalidPlanException("max_tokens_per_batch is " + maxTokens + "; it must be 2 or more.");
    }
    if (maxTokens != null && byLength) {
      throw new InvalidPlanException("max_tokens_per_batch " + maxTokens + " puts rows of like length together by itself; "
          + "leave group_by_length out.");
    }
  }

  /** Sets how packs are made. Default: binpack. */
  public Grouping packing(Packing.Strategy v) {
    return new Grouping(v, byLength, maxTokens);
  }

  /** Sets whether rows of like length come together. Default: false. */
  public Grouping byLength(boolean v) {
    return new Grouping(packing, v, maxTokens);
  }

  /** Sets the tokens of a micro-batch, 2 or more. Default: a fixed number of rows. */
  public Grouping maxTokens(@Nullable Integer v) {
    return new Grouping(packing, byLength, v);
  }
}
