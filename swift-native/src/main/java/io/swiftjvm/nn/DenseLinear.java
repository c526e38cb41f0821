package io.swiftjvm.nn;

import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code y = x w^T + bias}: weight (out,in) of any float type, bias (out) float32 or as stored, or none. */
public final class DenseLinear implements Linear {
  private final Parameter weight;
  private final @Nullable Parameter bias;

  public DenseLinear(Parameter weight, @Nullable Parameter bias) {
    this.weight = weight;
    this.bias = bias;
  }

  public Parameter weight() {
    return weight;
  }

  public @Nullable Parameter bias() {
    return bias;
  }

  @Override
  public Tensor forward(Pass pass, Tensor x) {
    return pass.ops().linear(x, weight.value(), bias == null ? null : bias.value());
  }

  @Override
  public long inFeatures() {
    return weight.value().dim(1);
  }

  @Override
  public long outFeatures() {
    return weight.value().dim(0);
  }

  @Override
  public List<Parameter> parameters() {
    return bias == null ? List.of(weight) : List.of(weight, bias);
  }

  @Override
  public DenseLinear base() {
    return this;
  }
}
