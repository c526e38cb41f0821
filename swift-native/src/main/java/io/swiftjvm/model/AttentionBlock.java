package io.swiftjvm.model;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Self-attention of one layer: projections, norms of queries and keys, rotation, attention, output projection. */
record AttentionBlock(
    int layer, AttentionConfig config, LayerConfig own, LinearSlot query, LinearSlot key, LinearSlot value,
    LinearSlot output, @Nullable Norm queryNorm, @Nullable Norm keyNorm) {

  /** x (n,c), normed, to (n,c). */
  Tensor forward(Pass pass, Tensor x, RopeTable.Angles angles) {
    Ops ops = pass.ops();
    long n = x.rows();
    AttentionSpec spec = config.spec(own.window());
    Tensor q = rotated(ops, query.forward(pass, x), queryNorm, config.heads(), angles);
    Tensor k = rotated(ops, key.forward(pass, x), keyNorm, config.kvHeads(), angles);
    Tensor v = ops.reshape(value.forward(pass, x), n, config.kvHeads(), config.headDim());
    return output.forward(pass, pass.attention().attend(ops, layer, q, k, v, spec));
  }

  private Tensor rotated(Ops ops, Tensor x, @Nullable Norm norm, int heads, RopeTable.Angles angles) {
    Tensor split = ops.reshape(x, x.rows(), heads, config.headDim());
    Tensor normed = norm == null ? split : norm.forward(ops, split);
    return ops.rope(normed, angles.cos(), angles.sin(), own.rope().interleaved());
  }

  List<LinearSlot> linears() {
    return List.of(query, key, value, output);
  }

  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    linears().forEach(slot -> all.addAll(slot.linear().parameters()));
    if (queryNorm != null) {
      all.add(queryNorm.weight());
    }
    if (keyNorm != null) {
      all.add(keyNorm.weight());
    }
    return all;
  }
}
