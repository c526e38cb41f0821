package io.swiftjvm.model;

import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.List;

/** The part of a layer that works on each position alone. */
interface FeedForward {
  /** x (n,c), normed, to (n,c). */
  Tensor forward(Pass pass, Tensor x);

  List<LinearSlot> linears();

  /** Every parameter, in the order of transformers. */
  List<Parameter> parameters();
}
