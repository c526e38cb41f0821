package io.swiftjvm.model;

import io.swiftjvm.tensor.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How weights are loaded. An element type that is no float is refused with an {@link IllegalArgumentException}.
 *
 * <pre>{@code CausalLm.load(folder, backend, LoadOptions.AS_STORED.mapped(false))}</pre>
 *
 * @param dtype float32, bf16 or fp16: weights of another type are converted into memory of their own; null keeps every
 *     weight as the file has it
 * @param mapped on the host, weights that need no conversion stay in the mapped file (the default): loading takes no time,
 *     processes share them, and memory for them can be taken back. Otherwise they are copied into pages of 2 MiB, which
 *     a core reads faster: one that decodes waits for little else
 * @param formats ways of storing quantised weights that may be met
 * @param expansion blocks that are added; null = none
 * @param head a score head in the place of the output projection; null = as the files have it
 */
public record LoadOptions(
    @Nullable DType dtype, boolean mapped, List<WeightFormat> formats, @Nullable BlockExpansion expansion,
    @Nullable ClassifierHead head) {
  /** Weights as they are in the file, none of them quantised. */
  public static final LoadOptions AS_STORED = new LoadOptions(null);

  /** Plain weights only. */
  public LoadOptions(@Nullable DType dtype) {
    this(dtype, true, List.of(), null, null);
  }

  /** The same, in the mapped file or copied into memory of the model's own. */
  public LoadOptions mapped(boolean value) {
    return new LoadOptions(dtype, value, formats, expansion, head);
  }

  /** The same, with quantised weights of these formats. */
  public LoadOptions formats(List<WeightFormat> value) {
    return new LoadOptions(dtype, mapped, value, expansion, head);
  }

  /** The same, with more blocks than the files have. */
  public LoadOptions expansion(@Nullable BlockExpansion value) {
    return new LoadOptions(dtype, mapped, formats, value, head);
  }

  /** The same, with another head. */
  public LoadOptions head(@Nullable ClassifierHead value) {
    return new LoadOptions(dtype, mapped, formats, expansion, value);
  }

  public LoadOptions {
    formats = List.copyOf(formats);
    if (dtype != null && !dtype.isFloat()) {
      throw new IllegalArgumentException("weights can be loaded as F32, BF16 or F16, not as " + dtype);
    }
  }
}
