package io.swiftjvm.nn;

import io.swiftjvm.autograd.GroupedMatmul;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = x w^T + bias}: weight (out,in) of any float type, bias (out) float32 or as stored, or none. A transposed
 * one
 * has its weight stored (in,out), GPT-2's way.
 */
public final class DenseLinear implements Linear {
  private final Parameter weight;
  private final @Nullable Parameter bias;
  private final boolean transposed;

  /** A projection whose weight is stored (out,in). */
  public DenseLinear(Parameter weight, @Nullable Parameter bias) {
    this(weight, bias, false);
  }

  /** A projection whose weight is stored (in,out) if {@code transposed}. */
  public DenseLinear(Parameter weight, @Nullable Parameter bias, boolean transposed) {
    this.weight = weight;
    this.bias = bias;
    this.transposed = transposed;
  }

  public Parameter weight() {
    return weight;
  }

  public @Nullable Parameter bias() {
    return bias;
  }

  /** True if the weight is stored (in,out). */
  public boolean transposed() {
    return transposed;
  }

  @Override
  public Tensor forward(Pass pass, Tensor x) {
    if (transposed) {
      return GroupedMatmul.single(pass.ops(), x, weight.value(), bias == null ? null : bias.value());
    }
    return pass.ops().linear(x, weight.value(), bias == null ? null : bias.value());
  }

  @Override
  public long inFeatures() {
    return weight.value().dim(transposed ? 0 : 1);
  }

  @Override
  public long outFeatures() {
    return weight.value().dim(transposed ? 1 : 0);
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
