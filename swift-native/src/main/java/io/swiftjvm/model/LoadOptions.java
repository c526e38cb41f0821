package io.swiftjvm.model;

import io.swiftjvm.tensor.DType;
import org.jspecify.annotations.Nullable;

/**
 * How weights are loaded.
 *
 * @param dtype float32, bf16 or fp16: weights of another type are converted into memory of their own; null keeps every
 *     weight as the file has it, mapped and not copied
 */
public record LoadOptions(@Nullable DType dtype) {
  /** Weights as they are in the file. */
  public static final LoadOptions AS_STORED = new LoadOptions(null);

  public LoadOptions {
    if (dtype != null && !dtype.isFloat()) {
      throw new IllegalArgumentException("weights can be loaded as F32, BF16 or F16, not as " + dtype);
    }
  }
}
