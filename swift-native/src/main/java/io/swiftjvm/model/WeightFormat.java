package io.swiftjvm.model;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;

/** A way in which a checkpoint stores quantised weights; the names of the plain ones stay. */
public interface WeightFormat {
  /** True if this format reads what a config.json says its weights are stored in. */
  boolean reads(ModelConfig source);

  /** True if the weight called {@code name}, such as {@code model.layers.0.mlp.up_proj.weight}, is stored this way. */
  boolean covers(Checkpoint checkpoint, String name);

  /** True for a tensor that is a part of a weight of this format, such as its scales. */
  boolean isPart(Checkpoint checkpoint, String tensor);

  /**
   * The weight, quantised or plain, in {@code scope}.
   *
   * @throws io.swiftjvm.error.ModelFormatException if a part is missing or does not fit {@code shape}
   */
  Tensor read(Checkpoint checkpoint, String name, long[] shape, Backend backend, Scope scope);
}
