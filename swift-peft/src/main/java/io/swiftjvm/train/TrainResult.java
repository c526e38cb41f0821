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
 * @param best the checkpoint with the best evaluation, see {@link BestSpec}; null if none was evaluated
 * @param bestMetric its metric; NaN if none was evaluated
 */
public record TrainResult(
    int steps, boolean cancelled, double loss, double evalLoss, long tokens, int dropped, double seconds,
    @Nullable Path checkpoint, @Nullable Path best, double bestMetric) {}
