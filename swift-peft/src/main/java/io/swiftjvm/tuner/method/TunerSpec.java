package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tuner.Tuning;
import org.jspecify.annotations.Nullable;

/**
 * A tuning method and its settings. Each is one record in one file, which reads and writes PEFT's settings, says which
 * tensors it has at a module, and computes with them.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", LohaSpec.DEFAULT, 42).attach(model);
 * }
 */
public sealed interface TunerSpec extends Tuning permits TargetedSpec, PromptSpec, BlockSpec, XLoraSpec {
  /** PEFT's name of the method: {@code peft_type}. */
  String type();

  /** Writes the settings but for the targets and what all methods share. */
  void write(ObjectNode json);

  /** Writes what the settings repeat of the model. */
  default void sizes(ObjectNode json, CausalLm model) {}

  /** Why it cannot become a part of the weights, in a few words; null if it can. */
  default @Nullable String unmergeable() {
    return null;
  }

  /** Learning rate of {@code lora_B} over that of the rest, where there is one; null = 1. */
  default @Nullable Double loraPlusRatio() {
    return null;
  }
}
