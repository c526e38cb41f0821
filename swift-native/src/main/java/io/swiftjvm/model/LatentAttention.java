package io.swiftjvm.model;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Multi-head latent attention of one layer; {@code query} is one projection, or two with a norm between. */
record LatentAttention(
    int layer, LatentAttentionConfig config, List<LinearSlot> query, @Nullable Norm queryNorm, LinearSlot latent,
    Norm latentNorm, LinearSlot keyValue, LinearSlot output) implements Mixer {
  static LatentAttention of(WeightSource source, LatentAttentionConfig a, NormConfig norm, int hidden, int layer) {
    String at = "self_attn.";
    boolean low = a.queryRank() > 0;
    List<LinearSlot> query = low
        ? List.of(source.linear(layer, at + "q_a_proj", a.queryRank(), hidden, a.bias()),
            source.linear(layer, at + "q_b_proj", a.queryWidth(), a.queryRank(), false))
        : List.of(source.linear(layer, at + "q_proj", a.queryWidth(), hidden, false));
    // The norms inside have an epsilon of their own, whatever the model's is.
    NormConfig inner = NormConfig.rms(1e-6);
    return new LatentAttention(layer, a, query,
        low ? source.norm(layer, at + "q_a_layernorm", inner, a.queryRank()) : null,
        source.linear(layer, at + "kv_a_proj_with_mqa", a.latent() + (long) a.rope().rotary(), hidden, a.bias()),
        source.norm(layer, at + "kv_a_layernorm", inner, a.latent()),
        source.linear(layer, at + "kv_b_proj", (long) a.heads() * (a.plain() + a.valueDim()), a.latent(), false),
        source.linear(layer, at + "o_proj", hidden, a.valueWidth(), a.bias()));
  }

  @Override
  public Tensor forward(Pass pass, Tensor x, RopeTable.@Nullable Angles angles) {
    if (angles == null) {
      throw new IllegalArgumentException("latent attention needs the angles of its rotation");
    }
    Ops ops = pass.ops();
    long n = x.rows();
    int heads = config.heads();
    int plain = config.plain();
    int rotary = config.rope().rotary();
    Tensor q = query.getFirst().forward(pass, x);
    if (queryNorm != null) {
      q = query.getLast().forward(pass, queryNorm.forward(ops, q));
    }
    Tensor byHead = ops.reshape(q, n * heads, config.headDim());
    Tensor turned = rotate(ops, Slices.columns(ops, byHead, plain, rotary), n, heads, angles);
    Tensor queries = Slices.joinColumns(ops, List.of(Slices.columns(ops, byHead, 0, plain), turned));

    Tensor compressed = latent.forward(pass, x);
    Tensor shared = rotate(ops, Slices.columns(ops, compressed, config.latent(), rotary), n, 1, angles);
    Tensor expanded = keyValue.forward(
        pass, latentNorm.forward(ops, Slices.columns(ops, compressed, 0, config.latent())));
    Tensor pairs = ops.reshape(expanded, n * heads, (long) plain + config.valueDim());
    int[] repeated = IntStream.range(0, Math.toIntExact(n * heads)).map(i -> i / heads).toArray();
    Tensor keys = Slices.joinColumns(ops, List.of(Slices.columns(ops, pairs, 0, plain),
        ops.selectRows(shared, ops.scope().ints(repeated))));
    Tensor values = Slices.columns(ops, pairs, plain, config.valueDim());
    Tensor out = pass.attention().attend(ops, layer, ops.reshape(queries, n, heads, config.headDim()),
        ops.reshape(keys, n, heads, config.headDim()), ops.reshape(values, n, heads, config.valueDim()),
        config.spec().weights(output.weights()), null);
    return output.forward(pass, out);
  }

  private Tensor rotate(Ops ops, Tensor x, long n, int heads, RopeTable.Angles angles) {
    int rotary = config.rope().rotary();
    Tensor turned = ops.rope(
        ops.reshape(x, n, heads, rotary), angles.cos(), angles.sin(), config.rope().interleaved());
    return ops.reshape(turned, n * heads, rotary);
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> all = new ArrayList<>(query);
    all.addAll(List.of(latent, keyValue, output));
    return all;
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    linears().forEach(slot -> all.addAll(slot.linear().parameters()));
    if (queryNorm != null) {
      all.add(queryNorm.weight());
    }
    all.add(latentNorm.weight());
    return all;
  }
}
