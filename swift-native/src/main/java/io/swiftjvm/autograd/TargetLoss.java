package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Losses of small outputs, such as those of a classifier, against target values; means over all outputs. */
public enum TargetLoss {
  /** Mean squared error, for regression. */
  SQUARED_ERROR,
  /** Cross-entropy of independent sigmoids, for several labels at once; targets are 0 .. 1. */
  BINARY_CROSS_ENTROPY;

  /** The tracked loss (1) of outputs (any shape) at as many targets. */
  public Tensor of(Ops ops, Tensor outputs, float[] targets) {
    if (outputs.size() != targets.length || targets.length == 0) {
      throw new IllegalArgumentException("outputs " + outputs + " need as many targets, got " + targets.length);
    }
    Backend backend = ops.backend();
    float[] x = SinkAttention.host(backend, outputs);
    float[] slope = new float[x.length];
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      double z = x[i];
      double y = targets[i];
      if (this == SQUARED_ERROR) {
        sum += (z - y) * (z - y);
        slope[i] = (float) (2 * (z - y) / x.length);
      } else {
        // log(1 + e^z) - y z, without overflow.
        sum += Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)));
        slope[i] = (float) ((1 / (1 + Math.exp(-z)) - y) / x.length);
      }
    }
    Tensor loss = ops.floats(1);
    backend.upload(MemorySegment.ofArray(new float[] {(float) (sum / x.length)}), loss);
    return ops.track(outputs.requiresGrad(), loss, (dy, into, s) -> {
      Tensor d = s.floats(slope.clone(), outputs.shape());
      backend.scale(d, SinkAttention.host(backend, dy)[0], d);
      into.add(outputs, d);
    });
  }
}
