package io.swiftjvm.model;

import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.GroupedMatmul;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.List;

/**
 * gpt-oss's experts: stacked matrices with biases, {@code (up + 1) * gate * sigmoid(1.702 gate)}, both clamped at 7.
 */
record StackedExperts(int width, Parameter gateUp, Parameter gateUpBias, Parameter down, Parameter downBias)
    implements Experts {
  private static final float LIMIT = 7;
  private static final float SHARPNESS = 1.702f;

  static StackedExperts of(WeightSource source, MlpConfig expert, int count, int hidden, int layer) {
    String at = "mlp.experts.";
    long m = expert.width();
    return new StackedExperts(expert.width(), source.parameter(layer, at + "gate_up_proj", count, hidden, 2 * m),
        source.parameter(layer, at + "gate_up_proj_bias", count, 2 * m),
        source.parameter(layer, at + "down_proj", count, m, hidden),
        source.parameter(layer, at + "down_proj_bias", count, hidden));
  }

  @Override
  public Tensor forward(Pass pass, Tensor x, int[] offsets) {
    Ops ops = pass.ops();
    long n = x.rows();
    Tensor both = GroupedMatmul.apply(ops, x, gateUp.value(), gateUpBias.value(), offsets);
    Tensor pairs = ops.reshape(both, n * width, 2);
    Tensor gate = Broadcasts.atMost(ops, Slices.columns(ops, pairs, 0, 1), LIMIT);
    Tensor high = Broadcasts.atMost(ops, Slices.columns(ops, pairs, 1, 1), LIMIT);
    Tensor up = ops.scale(Broadcasts.atMost(ops, ops.scale(high, -1), LIMIT), -1);
    Tensor glu = ops.multiply(gate, ops.activation(Unary.SIGMOID, ops.scale(gate, SHARPNESS)));
    Tensor middle = ops.reshape(ops.multiply(Broadcasts.shift(ops, up, 1), glu), n, width);
    return GroupedMatmul.apply(ops, middle, down.value(), downBias.value(), offsets);
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of();
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(gateUp, gateUpBias, down, downBias);
  }
}
