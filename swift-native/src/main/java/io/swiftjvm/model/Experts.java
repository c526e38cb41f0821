package io.swiftjvm.model;

import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.List;

/** The experts of one layer. */
interface Experts {
  /** x (rows,c), the rows {@code [offsets[e], offsets[e+1])} for expert e, to (rows,c). */
  Tensor forward(Pass pass, Tensor x, int[] offsets);

  List<LinearSlot> linears();

  List<Parameter> parameters();
}
