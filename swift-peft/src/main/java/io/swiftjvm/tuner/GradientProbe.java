package io.swiftjvm.tuner;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Collects the gradient of frozen weights: {@code dy^T x}, added up over passes, without copies of the weights.
 *
 * {@snippet :
 * Map<String, Tensor> gradients = GradientProbe.collect(model, paths, scope, () -> runBackwardPasses());
 * }
 */
public final class GradientProbe implements Linear {
  private final Linear inner;
  private final Tensor sum;

  private GradientProbe(Linear inner, Tensor sum) {
    this.inner = inner;
    this.sum = sum;
  }

  /** The gradients (out,in) of the projections at {@code paths} by what {@code passes} does, in memory of {@code scope}. */
  public static Map<String, Tensor> collect(CausalLm model, List<String> paths, Scope scope, Runnable passes) {
    Map<String, Linear> before = model.linears();
    Map<String, Tensor> sums = new LinkedHashMap<>();
    try {
      for (String path : paths) {
        Linear linear = Objects.requireNonNull(before.get(path));
        Tensor sum = scope.floats(linear.outFeatures(), linear.inFeatures());
        model.backend().fill(sum, 0);
        sums.put(path, sum);
        model.replaceLinear(path, now -> new GradientProbe(now, sum));
      }
      passes.run();
    } finally {
      sums.keySet().forEach(path -> model.replaceLinear(path, now -> Objects.requireNonNull(before.get(path))));
    }
    return sums;
  }

  @Override
  public Tensor forward(Pass pass, Tensor x) {
    Ops ops = pass.ops();
    Tensor y = inner.forward(pass, x);
    Tensor out = ops.floats(y.shape());
    ops.backend().copy(y.detached(), out);
    return ops.track(true, out, (dy, into, scope) -> {
      ops.backend().matmul(dy, true, x.detached(), false, sum, 1, 1);
      if (y.requiresGrad()) {
        into.add(y, dy);
      }
    }, x);
  }

  @Override
  public long inFeatures() {
    return inner.inFeatures();
  }

  @Override
  public long outFeatures() {
    return inner.outFeatures();
  }

  @Override
  public List<Parameter> parameters() {
    return inner.parameters();
  }

  @Override
  public DenseLinear base() {
    return inner.base();
  }
}
