package io.swiftjvm.model;

import io.swiftjvm.autograd.CausalConv;
import io.swiftjvm.autograd.DeltaRule;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A layer of linear attention. {@code inputs} are {@code qkvz} and {@code ba} whose columns are grouped by key head, or
 * {@code qkv}, {@code z}, {@code b} and {@code a}.
 */
record DeltaNet(
    int layer, DeltaNetConfig config, List<LinearSlot> inputs, Parameter conv, Parameter decay, Parameter timeBias,
    Norm norm, LinearSlot output) implements Mixer {
  private static final double NORM_EPS = 1e-6;

  private record Projected(Tensor mixed, Tensor z, Tensor b, Tensor a) {}

  static DeltaNet of(WeightSource source, DeltaNetConfig d, NormConfig norm, int hidden, int layer) {
    String at = "linear_attn.";
    long v = d.valueWidth();
    List<LinearSlot> inputs = d.fused()
        ? List.of(source.linear(layer, at + "in_proj_qkvz", d.channels() + v, hidden, false),
            source.linear(layer, at + "in_proj_ba", 2L * d.valueHeads(), hidden, false))
        : List.of(source.linear(layer, at + "in_proj_qkv", d.channels(), hidden, false),
            source.linear(layer, at + "in_proj_z", v, hidden, false),
            source.linear(layer, at + "in_proj_b", d.valueHeads(), hidden, false),
            source.linear(layer, at + "in_proj_a", d.valueHeads(), hidden, false));
    return new DeltaNet(layer, d, inputs, source.parameter(layer, at + "conv1d.weight", d.channels(), 1, d.taps()),
        source.parameter(layer, at + "A_log", d.valueHeads()), source.parameter(layer, at + "dt_bias", d.valueHeads()),
        source.norm(layer, at + "norm", NormConfig.rms(norm.eps()), d.valueDim()),
        source.linear(layer, at + "out_proj", hidden, v, false));
  }

  @Override
  public Tensor forward(Pass pass, Tensor x, RopeTable.@Nullable Angles angles) {
    Ops ops = pass.ops();
    int q = config.queryWidth();
    Projected p = project(pass, x);
    long history = (config.taps() - 1L) * config.channels();
    Tensor mixed = ops.activation(Unary.SILU, CausalConv.apply(
        ops, p.mixed, conv.value(), pass.attention().recurrences(2 * layer, history)));
    Tensor queries = ops.scale(unit(ops, Slices.columns(ops, mixed, 0, q)), (float) (1 / Math.sqrt(config.keyDim())));
    Tensor keys = unit(ops, Slices.columns(ops, mixed, q, q));
    Tensor values = Slices.columns(ops, mixed, 2L * q, config.valueWidth());
    Tensor out = DeltaRule.apply(ops, queries, keys, values,
        DeltaRule.logDecay(ops, p.a, timeBias.value(), decay.value()), ops.activation(Unary.SIGMOID, p.b),
        config.spec(), pass.attention().recurrences(2 * layer + 1, config.spec().stateSize()));
    return output.forward(pass, ops.gated(Unary.SILU, p.z, norm.forward(ops, out)));
  }

  private Projected project(Pass pass, Tensor x) {
    Ops ops = pass.ops();
    if (!config.fused()) {
      return new Projected(inputs.get(0).forward(pass, x), inputs.get(1).forward(pass, x),
          inputs.get(2).forward(pass, x), inputs.get(3).forward(pass, x));
    }
    long n = x.rows();
    int group = config.valueHeads() / config.keyHeads();
    int k = config.keyDim();
    int v = group * config.valueDim();
    Tensor wide = ops.reshape(inputs.get(0).forward(pass, x), n * config.keyHeads(), 2L * k + 2L * v);
    Tensor narrow = ops.reshape(inputs.get(1).forward(pass, x), n * config.keyHeads(), 2L * group);
    Tensor mixed = Slices.joinColumns(ops, List.of(
        ops.reshape(Slices.columns(ops, wide, 0, k), n, config.queryWidth()),
        ops.reshape(Slices.columns(ops, wide, k, k), n, config.keyWidth()),
        ops.reshape(Slices.columns(ops, wide, 2L * k, v), n, config.valueWidth())));
    return new Projected(mixed, ops.reshape(Slices.columns(ops, wide, 2L * k + v, v), n, config.valueWidth()),
        ops.reshape(Slices.columns(ops, narrow, 0, group), n, config.valueHeads()),
        ops.reshape(Slices.columns(ops, narrow, group, group), n, config.valueHeads()));
  }

  /** Every key head scaled to length one. */
  private Tensor unit(Ops ops, Tensor x) {
    int d = config.keyDim();
    Tensor ones = ops.floats(d);
    ops.backend().fill(ones, (float) (1 / Math.sqrt(d)));
    return ops.rmsNorm(x, ones, 0, (float) (NORM_EPS / d));
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> all = new ArrayList<>(inputs);
    all.add(output);
    return all;
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(List.of(timeBias, decay, conv));
    linears().forEach(slot -> all.addAll(slot.linear().parameters()));
    all.add(norm.weight());
    return all;
  }
}
