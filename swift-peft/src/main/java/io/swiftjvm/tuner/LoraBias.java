package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Locale;

/** Which biases of the model a LoRA trains beside A and B; such an adapter is alone on its model. */
public enum LoraBias {
  /** None. */
  NONE,
  /** Every bias of the model. */
  ALL,
  /** Those of the projections that the adapter goes on. */
  LORA_ONLY;

  /** The choice called so by PEFT. */
  static LoraBias of(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "none" -> NONE;
      case "all" -> ALL;
      case "lora_only" -> LORA_ONLY;
      default -> throw new InvalidPlanException("lora_bias is '" + name + "'; there are none, all and lora_only.");
    };
  }

  /** PEFT's name. */
  String plain() {
    return name().toLowerCase(Locale.ROOT);
  }
}
