package io.swiftjvm.model;

import io.swiftjvm.autograd.Broadcasts;
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
 * Self-attention of one layer: projections, norms of queries and keys, rotation, attention, output projection.
 * {@code inputs} are the projections of queries, keys and values, or all in one.
 */
record AttentionBlock(
    int layer, AttentionConfig config, List<LinearSlot> inputs, LinearSlot output, @Nullable Norm queryNorm,
    @Nullable Norm keyNorm, @Nullable Parameter sinks) implements Mixer {
  private record Projected(Tensor query, Tensor key, Tensor value, @Nullable Tensor gate) {}

  static AttentionBlock of(WeightSource source, AttentionConfig a, NormConfig norm, int hidden, int layer) {
    long q = a.queryWidth();
    long k = a.keyWidth();
    boolean transposed = a.layout() == AttentionConfig.Layout.TRANSPOSED;
    List<LinearSlot> inputs = a.layout() == AttentionConfig.Layout.SEPARATE
        ? List.of(source.linear(layer, "self_attn.q_proj", a.gated() ? 2 * q : q, hidden, a.qkvBias()),
            source.linear(layer, "self_attn.k_proj", k, hidden, a.qkvBias()),
            source.linear(layer, "self_attn.v_proj", k, hidden, a.qkvBias()))
        : List.of(source.linear(layer, "self_attn.qkv_proj", q + 2 * k, hidden, a.qkvBias(), transposed));
    LinearSlot output = source.linear(layer, "self_attn.o_proj", hidden, q, a.outputBias(), transposed);
    return new AttentionBlock(layer, a, inputs, output, norm(source, a, norm, layer, "self_attn.q_norm", a.heads()),
        norm(source, a, norm, layer, "self_attn.k_norm", a.kvHeads()),
        a.sinks() ? source.parameter(layer, "self_attn.sinks", a.heads()) : null);
  }

  private static @Nullable Norm norm(
      WeightSource source, AttentionConfig a, NormConfig config, int layer, String slot, int heads) {
    return switch (a.qkNorm()) {
      case NONE -> null;
      case HEAD -> source.norm(layer, slot, config, a.headDim());
      case WHOLE -> source.norm(layer, slot, config, (long) heads * a.headDim());
      case CENTERED -> source.norm(layer, slot, config, heads, a.headDim());
    };
  }

  @Override
  public Tensor forward(Pass pass, Tensor x, RopeTable.@Nullable Angles angles) {
    Ops ops = pass.ops();
    Projected p = project(pass, x);
    Tensor q = rotated(ops, p.query, queryNorm, config.heads(), angles);
    Tensor k = rotated(ops, p.key, keyNorm, config.kvHeads(), angles);
    Tensor v = ops.reshape(p.value, x.rows(), config.kvHeads(), config.headDim());
    Tensor out = pass.attention().attend(
        ops, layer, q, k, v, config.spec().weights(output.weights()), sinks == null ? null : sinks.value());
    Tensor gate = p.gate;
    return output.forward(pass, gate == null ? out : ops.multiply(out, ops.activation(Unary.SIGMOID, gate)));
  }

  private Projected project(Pass pass, Tensor x) {
    Ops ops = pass.ops();
    long n = x.rows();
    long q = config.queryWidth();
    long k = config.keyWidth();
    int d = config.headDim();
    Tensor first = inputs.getFirst().forward(pass, x);
    return switch (config.layout()) {
      case SEPARATE -> {
        Tensor key = inputs.get(1).forward(pass, x);
        Tensor value = inputs.get(2).forward(pass, x);
        if (!config.gated()) {
          yield new Projected(first, key, value, null);
        }
        // Every head has its query and then its gate.
        Tensor heads = ops.reshape(first, n * config.heads(), 2L * d);
        yield new Projected(ops.reshape(Slices.columns(ops, heads, 0, d), n, q), key, value,
            ops.reshape(Slices.columns(ops, heads, d, d), n, q));
      }
      case FUSED, TRANSPOSED -> new Projected(Slices.columns(ops, first, 0, q), Slices.columns(ops, first, q, k),
          Slices.columns(ops, first, q + k, k), null);
      case GROUPED -> {
        long group = (long) (config.heads() / config.kvHeads()) * d;
        Tensor groups = ops.reshape(first, n * config.kvHeads(), group + 2L * d);
        yield new Projected(ops.reshape(Slices.columns(ops, groups, 0, group), n, q),
            ops.reshape(Slices.columns(ops, groups, group, d), n, k),
            ops.reshape(Slices.columns(ops, groups, group + d, d), n, k), null);
      }
    };
  }

  private Tensor rotated(Ops ops, Tensor x, @Nullable Norm norm, int heads, RopeTable.@Nullable Angles angles) {
    Tensor normed = norm == null ? x : normed(ops, x, norm);
    Tensor split = ops.reshape(normed, x.rows(), heads, config.headDim());
    RopeSpec rope = config.rope();
    return rope == null || angles == null ? split : ops.rope(split, angles.cos(), angles.sin(), rope.interleaved());
  }

  private Tensor normed(Ops ops, Tensor x, Norm norm) {
    if (config.qkNorm() != AttentionConfig.QkNorm.CENTERED) {
      return norm.forward(ops, x);
    }
    Tensor ones = ops.floats(config.headDim());
    ops.backend().fill(ones, 1);
    Tensor heads = ops.rmsNorm(Broadcasts.center(ops, x, config.headDim()), ones, 0, norm.config().eps());
    return Broadcasts.multiplyRow(ops, heads, norm.weight().value());
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> all = new ArrayList<>(inputs);
    all.add(output);
    return all;
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    if (sinks != null) {
      all.add(sinks);
    }
    linears().forEach(slot -> all.addAll(slot.linear().parameters()));
    if (queryNorm != null && keyNorm != null) {
      all.add(queryNorm.weight());
      all.add(keyNorm.weight());
    }
    return all;
  }
}
