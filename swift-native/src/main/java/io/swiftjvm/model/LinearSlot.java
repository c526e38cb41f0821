package io.swiftjvm.model;

import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;

/** A place in the tree that holds a projection, which transforms replace. */
final class LinearSlot {
  private final String path;
  private volatile Linear linear;

  LinearSlot(String path, Linear linear) {
    this.path = path;
    this.linear = linear;
  }

  String path() {
    return path;
  }

  Linear linear() {
    return linear;
  }

  /** The type of its weights. */
  DType weights() {
    return linear.base().weight().value().dtype();
  }

  void replace(Linear other) {
    if (other.inFeatures() != linear.inFeatures() || other.outFeatures() != linear.outFeatures()) {
      throw new IllegalArgumentException("cannot put a projection " + other.inFeatures() + " -> " + other.outFeatures()
          + " at " + path + ", which needs " + linear.inFeatures() + " -> " + linear.outFeatures());
    }
    linear = other;
  }

  Tensor forward(Pass pass, Tensor x) {
    return linear.forward(pass, x);
  }
}
