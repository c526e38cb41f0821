package io.swiftjvm.tuner.method;

import io.swiftjvm.model.BlockChange;

/** A method that changes what decoder blocks give. */
public sealed interface BlockSpec extends TunerSpec permits ReftSpec {
  /** What it does behind the blocks; asks {@code tensors} for what it needs. */
  BlockChange at(AdapterTensors tensors);

  @Override
  default String unmergeable() {
    return "changes hidden states between blocks";
  }
}
