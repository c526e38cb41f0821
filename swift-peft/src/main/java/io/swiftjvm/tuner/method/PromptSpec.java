package io.swiftjvm.tuner.method;

/** A method that puts trained tokens, or keys and values, before every text; nothing in the model changes. */
public sealed interface PromptSpec extends TunerSpec permits PromptTuningSpec, PTuningSpec, PrefixTuningSpec {
  /** Number of trained tokens. */
  int tokens();

  /** True if it trains keys and values of every layer, which take places but no rows of a batch. */
  boolean keys();

  @Override
  default String unmergeable() {
    return "puts tokens or keys before every text";
  }

  /** The rows (tokens, columns) of the prompt. */
  PromptEncoder encoder(AdapterTensors tensors);
}
