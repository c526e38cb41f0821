package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.ModelSource;
import io.swiftjvm.hub.remote.HubId;
import io.swiftjvm.hub.remote.HubKind;
import io.swiftjvm.tensor.DType;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which model, in which element type, with which adapters on it.
 *
 * @param model folder, embedded name ({@code swift-tiny}), alias ({@code qwen3}) or repository on a hub; null = unset
 * @param revision branch, tag or commit of the repository; null = the hub's default
 * @param useHf whether ids without a prefix are on Hugging Face (true) or ModelScope (false); null = USE_HF
 * @param dtype element type of the weights; null = as stored
 * @param mmap whether weights stay in the mapped file; else those that are used as they are stored are copied
 *     into memory of the model's own
 * @param adapters adapter folders in PEFT's format
 * @param quant quantisation when loading
 */
public record ModelSettings(
    @Nullable String model, @Nullable String revision, @Nullable Boolean useHf, @Nullable DType dtype, boolean mmap,
    List<String> adapters, QuantSettings quant) {
  static final ModelSettings DEFAULT = new ModelSettings(null, null, null, null, true, List.of(), QuantSettings.NONE);

  public ModelSettings {
    adapters = List.copyOf(adapters);
    if (dtype != null && !dtype.isFloat()) {
      throw new InvalidPlanException("torch_dtype is " + dtype + "; it must be float32, bfloat16 or float16.");
    }
  }

  /** Sets the model. */
  public ModelSettings model(@Nullable String value) {
    return new ModelSettings(value, revision, useHf, dtype, mmap, adapters, quant);
  }

  ModelSettings revision(@Nullable String value) {
    return new ModelSettings(model, value, useHf, dtype, mmap, adapters, quant);
  }

  ModelSettings useHf(@Nullable Boolean value) {
    return new ModelSettings(model, revision, value, dtype, mmap, adapters, quant);
  }

  ModelSettings dtype(@Nullable DType value) {
    return new ModelSettings(model, revision, useHf, value, mmap, adapters, quant);
  }

  ModelSettings mmap(boolean value) {
    return new ModelSettings(model, revision, useHf, dtype, value, adapters, quant);
  }

  /** Puts these adapter folders on the model. */
  public ModelSettings adapters(List<String> value) {
    return new ModelSettings(model, revision, useHf, dtype, mmap, value, quant);
  }

  /** The same model quantised otherwise. */
  public ModelSettings quant(QuantSettings value) {
    return new ModelSettings(model, revision, useHf, dtype, mmap, adapters, value);
  }

  /** The same model without adapters. */
  public ModelSettings bare() {
    return adapters(List.of());
  }

  /** The model, or a refusal that says how to name one. */
  public String requireModel() {
    if (model == null || model.isBlank()) {
      throw new InvalidPlanException("no model was given. Pass --model with a folder, ORG/NAME, or swift-tiny.");
    }
    return model;
  }

  /** The model as an adapter_config.json names it: without the prefix and the revision, which PEFT does not know. */
  public String baseName() {
    String name = requireModel();
    return HubId.parse(name).filter(id -> id.hub() != null || id.revision() != null || id.subfolder() != null)
        .map(HubId::repository).orElse(name);
  }

  /** The model's files: found on disk, or fetched from its hub. To be closed after the model. */
  public ModelSource open() {
    return open(true);
  }

  /** As {@link #open()}, but of a model on a hub only what is around the weights. */
  public ModelSource describe() {
    return open(false);
  }

  private ModelSource open(boolean weights) {
    HubKind hub = useHf == null ? null : useHf ? HubKind.HUGGING_FACE : HubKind.MODEL_SCOPE;
    return ModelSource.locator().hub(h -> h.revision(revision).defaultHub(hub).weights(weights)).open(requireModel());
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
