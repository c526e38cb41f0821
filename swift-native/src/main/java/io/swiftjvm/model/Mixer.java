package io.swiftjvm.model;

import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of a layer that mixes the positions of a text. */
interface Mixer {
  /** x (n,c), normed, to (n,c). */
  Tensor forward(Pass pass, Tensor x, RopeTable.@Nullable Angles angles);

  List<LinearSlot> linears();

  /** Every parameter, in the order of transformers. */
  List<Parameter> parameters();
}
