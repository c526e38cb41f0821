package io.swiftjvm.model;

/**
 * A change of a model's tree: a tuner, a quantiser, a sharding. Applied once, after loading; composes with others by
 * order.
 */
@FunctionalInterface
public interface ModelTransform {
  void apply(CausalLm model);
}
