package io.swiftjvm.model;

import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;

/** Something that changes what decoder blocks give, in passes that name it among their adapters. */
@FunctionalInterface
public interface BlockChange {
  /** The hidden states (n,C) that go on from {@code hidden}, the output of block {@code layer}. */
  Tensor change(Pass pass, int layer, Tensor hidden);
}
