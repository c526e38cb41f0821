package io.swiftjvm.quant;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.WeightFormat;
import java.util.List;
import java.util.Map;

/** Decides from {@code config.json} whether the weights of a checkpoint can be read. */
public final class QuantFormats {
  // How each format is turned back into plain weights with the tool that made it.
  private static final Map<String, String> ADVICE = Map.of(
      "bitsandbytes", "take the repository it was made from, or model.dequantize() in transformers",
      "gptq", "take the repository it was made from, or dequantise it with GPTQModel",
      "awq", "take the repository it was made from, or dequantise it with AutoAWQ",
      "fp8", "take the bf16 repository of the same model, or model.dequantize() in transformers",
      "compressed-tensors", "load it in transformers with run_compressed=False and save it again");
  private static final String DEFAULT_ADVICE = "take the repository it was made from";

  /** The formats that can be read, for {@link io.swiftjvm.model.LoadOptions#formats}. */
  public static final List<WeightFormat> FORMATS = List.of(new BitsAndBytes(), new FineGrainedFp8());

  private QuantFormats() {}

  /** Returns quietly for weights that can be read; another quantised checkpoint throws {@link ModelFormatException}. */
  public static void requireSupported(ModelConfig config) {
    config.quantMethod().filter(method -> FORMATS.stream().noneMatch(format -> format.reads(config))).ifPresent(method -> {
      throw new ModelFormatException("Cannot load quantised weights: found quant_method '" + method + "' in "
          + config.file() + ". This version reads float32, bf16, fp16, bitsandbytes NF4 and fp8 (e4m3 in blocks, dynamic activations) "
          + "checkpoints: "
          + ADVICE.getOrDefault(method, DEFAULT_ADVICE) + ".");
    });
  }
}
