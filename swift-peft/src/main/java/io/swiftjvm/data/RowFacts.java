package io.swiftjvm.data;

import org.jspecify.annotations.Nullable;

/**
 * What is known of one row of a {@link Batch} as a whole.
 *
 * @param target what the row should give where it is a text with a class, a score or a part in a group of texts; empty
 *     for language models
 * @param channel name under which its loss is told, or null
 */
@SuppressWarnings("ArrayRecordComponent") // read by loops, compared by nobody
public record RowFacts(float[] target, @Nullable String channel) {
  /** A row with a target. */
  public static RowFacts of(float... target) {
    return new RowFacts(target, null);
  }
}
