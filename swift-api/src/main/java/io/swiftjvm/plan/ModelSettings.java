package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.tensor.DType;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which model, in which element type, with which adapters on it.
 *
 * @param model folder, embedded name ({@code swift-tiny}), or repository that a hub library has on disk; null = unset
 * @param dtype element type of the weights; null = as stored
 * @param adapters adapter folders in PEFT's format
 * @param quant quantisation when loading
 */
public record ModelSettings(
    @Nullable String model, @Nullable DType dtype, List<String> adapters, QuantSettings quant) {
  static final ModelSettings DEFAULT = new ModelSettings(null, null, List.of(), QuantSettings.NONE);

  public ModelSettings {
    adapters = List.copyOf(adapters);
    if (dtype != null && !dtype.isFloat()) {
      throw new InvalidPlanException("torch_dtype is " + dtype + "; it must be float32, bfloat16 or float16.");
    }
  }

  ModelSettings model(@Nullable String value) {
    return new ModelSettings(value, dtype, adapters, quant);
  }

  ModelSettings dtype(@Nullable DType value) {
    return new ModelSettings(model, value, adapters, quant);
  }

  ModelSettings adapters(List<String> value) {
    return new ModelSettings(model, dtype, value, quant);
  }

  /** The same model quantised otherwise. */
  public ModelSettings quant(QuantSettings value) {
    return new ModelSettings(model, dtype, adapters, value);
  }

  /** The same model without adapters. */
  public ModelSettings bare() {
    return adapters(List.of());
  }

  /** The model, or a refusal that says how to name one. */
  public String requireModel() {
    if (model == null || model.isBlank()) {
      throw new InvalidPlanException("no model was given. Pass --model with a folder, or swift-tiny.");
    }
    return model;
  }

  static DType dtype(String name) {
    String wanted = name.toLowerCase(Locale.ROOT).replaceFirst("^torch\\.", "");
    return Stream.of(DType.F32, DType.BF16, DType.F16)
        .filter(d -> wanted.equals(d.torchName()) || wanted.equals(d.shortName()))
        .findFirst()
        .orElseThrow(() -> new InvalidPlanException(
            "torch_dtype is '" + name + "'; it must be float32, bfloat16 or float16."));
  }
}
