package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.tuner.LoraTargets;
import org.jspecify.annotations.Nullable;

/**
 * A tuning method and its settings. Each is one record in one file, which reads and writes PEFT's settings, says which
 * tensors it has at a module, and computes with them.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", LohaSpec.DEFAULT, 42).attach(model);
 * }
 */
public sealed interface TunerSpec permits ProjectionSpec, ModuleSpec {
  /** PEFT's name of the method: {@code peft_type}. */
  String type();

  /** Which modules. */
  LoraTargets targets();

  /** The other targets. */
  TunerSpec targets(LoraTargets value);

  /** Writes the settings but for the targets and what all methods share. */
  void write(ObjectNode json);

  /** Learning rate of {@code lora_B} over that of the rest, where there is one; null = 1. */
  default @Nullable Double loraPlusRatio() {
    return null;
  }
}
