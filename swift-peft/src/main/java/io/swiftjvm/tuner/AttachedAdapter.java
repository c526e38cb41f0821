package io.swiftjvm.tuner;

import io.swiftjvm.model.Attachment;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A named adapter of any method that is attached to a model: what it is, its parameters, and the way to take it off. */
public interface AttachedAdapter extends Attachment {
  /** The name by which passes choose it. */
  @Override
  String name();

  CausalLm model();

  /** What it was made from; its text has every setting. */
  Object spec();

  /** Paths of the modules it is attached to, in model order. */
  List<String> modules();

  /** The tensors that a training changes, always in the same order. */
  List<Parameter> parameters();

  /** Factor on the rate of {@code lora_B} (LoRA+, arXiv 2402.12354); null = 1. */
  @Nullable Double loraPlusRatio();

  /** Why it cannot become a part of the weights, in a few words; null if it can. */
  default @Nullable String unmergeable() {
    return null;
  }

  /** True if it changes parameters of the model while it is attached, so that it must be alone. */
  default boolean changesBase() {
    return false;
  }

  /** Takes the adapter off the model; its memory goes back with the model. */
  void detach();

  /** Number of values in {@link #parameters()}. */
  default long size() {
    return parameters().stream().mapToLong(p -> p.value().size()).sum();
  }
}
