package io.swiftjvm.tuner;

import io.swiftjvm.model.BlockExpansion;
import io.swiftjvm.model.ModelShapes;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a training changes in a model: {@link LoraSpec}, {@link FullSpec}, or any method of
 * {@code io.swiftjvm.tuner.method}.
 *
 * {@snippet :
 * Tuning tuning = VeraSpec.DEFAULT.rank(64);
 * long values = tuning.trained(shapes).values().stream().mapToLong(ModelShapes::values).sum();
 * }
 */
public interface Tuning {
  /** True if weights of the model itself are trained, in float32, and a whole model is saved. */
  default boolean full() {
    return false;
  }

  /** The blocks that it adds to the model when that is loaded; null = none. */
  default @Nullable BlockExpansion expansion() {
    return null;
  }

  /**
   * Shapes of the trained tensors by name, for a model that is not loaded; {@code InvalidPlanException} where the
   * settings do not fit it.
   */
  Map<String, long[]> trained(ModelShapes shapes);

  /** Of what {@link #trained} names that which has gradients and optimizer state at a time; an estimate for memory. */
  default Map<String, long[]> learning(ModelShapes shapes) {
    return trained(shapes);
  }

  /**
   * Columns that a training pass keeps for each token beyond those of the model, by module path; an estimate for memory.
   */
  default Map<String, long[]> widths(ModelShapes shapes) {
    return Map.of();
  }

  /** Values in matrices that a training pass makes of weights; an estimate for memory. */
  default long matrices(ModelShapes shapes) {
    return 0;
  }

  /** What is missing in the settings, in one sentence; null = nothing. */
  default @Nullable String problem() {
    return null;
  }
}
