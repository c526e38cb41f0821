package io.swiftjvm.nn;

import io.swiftjvm.tensor.Tensor;
import java.util.List;

/**
 * The seam of the house: dense, quantised, adapted and sharded projections all look like this, and a
 * {@link io.swiftjvm.model.ModelTransform} swaps one for another.
 */
public interface Linear {
  /** x (n,in) to (n,out). */
  Tensor forward(Pass pass, Tensor x);

  long inFeatures();

  long outFeatures();

  /** The parameters of this module, with their full names; wrapped modules' parameters come first. */
  List<Parameter> parameters();

  /** The innermost dense projection, whose weight a merge changes. */
  DenseLinear base();
}
