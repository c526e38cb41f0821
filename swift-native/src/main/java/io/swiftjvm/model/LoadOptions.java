package io.swiftjvm.model;

import io.swiftjvm.tensor.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How weights are loaded.
 *
 * @param dtype float32, bf16 or fp16: weights of another type are converted into memory of their own; null keeps every
 *     weight as the file has it, mapped and not copied
 * @param formats ways of storing quantised weights that may be met
 * @param expansion blocks that are added; null = none
 * @param head a score head in the place of the output projection; null = as the files have it
 */
public record LoadOptions(
    @Nullable DType dtype, List<WeightFormat> formats, @Nullable BlockExpansion expansion, @Nullable ClassifierHead head) {
  /** Weights as they are in the file, none of them quantised. */
  public static final LoadOptions AS_STORED = new LoadOptions(null);

  /** Plain weights only. */
  public LoadOptions(@Nullable DType dtype) {
    this(dtype, List.of(), null, null);
  }

  /** The same, with quantised weights of these formats. */
  public LoadOptions formats(List<WeightFormat> value) {
    return new LoadOptions(dtype, value, expansion, head);
  }

  /** The same, with more blocks than the files have. */
  public LoadOptions expansion(@Nullable BlockExpansion value) {
    return new LoadOptions(dtype, formats, value, head);
  }

  /** The same, with another head. */
  public LoadOptions head(@Nullable ClassifierHead value) {
    return new LoadOptions(dtype, formats, expansion, value);
  }

  public LoadOptions {
    formats = List.copyOf(formats);
    if (dtype != null && !dtype.isFloat()) {
      throw new IllegalArgumentException("weights can be loaded as F32, BF16 or F16, not as " + dtype);
    }
  }
}
