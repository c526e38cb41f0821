package io.swiftjvm.train;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a training ended.
 *
 * @param steps steps done, those of a continued checkpoint included
 * @param cancelled true if it was asked to stop early
 * @param loss loss of the last step; NaN if none ran
 * @param evalLoss last validation loss; NaN if none was run
 * @param tokens tokens of all steps of this run
 * @param dropped steps that changed nothing
 * @param seconds wall time
 * @param checkpoint the last checkpoint; null if nothing is saved
 */
public record TrainResult(
    int steps, boolean cancelled, double loss, double evalLoss, long tokens, int dropped, double seconds,
    @Nullable Path checkpoint) {}
