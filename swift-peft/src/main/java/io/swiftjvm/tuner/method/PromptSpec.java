package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.model.CausalLm;

/** A method that puts trained tokens, or keys and values, before every text; nothing in the model changes. */
public sealed interface PromptSpec extends TunerSpec permits PromptTuningSpec, PTuningSpec, PrefixTuningSpec {
  /** Number of trained tokens. */
  int tokens();

  /** True if it trains keys and values of every layer, which take places but no rows of a batch. */
  default boolean keys() {
    return false;
  }

  @Override
  default void sizes(ObjectNode json, CausalLm model) {
    PromptSizes.tokens(json, model);
  }

  @Override
  default String unmergeable() {
    return "puts tokens or keys before every text";
  }

  /** The rows (tokens, columns) of the prompt. */
  PromptEncoder encoder(AdapterTensors tensors);
}
