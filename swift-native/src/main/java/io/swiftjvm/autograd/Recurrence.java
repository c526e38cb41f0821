package io.swiftjvm.autograd;

import io.swiftjvm.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A run of rows of one text, for layers that carry a state from row to row.
 *
 * @param from first row
 * @param count rows
 * @param before the state before the first row; null = zeros
 * @param after receives the state behind the last row; may be null
 */
public record Recurrence(int from, int count, @Nullable Tensor before, @Nullable Tensor after) {}
