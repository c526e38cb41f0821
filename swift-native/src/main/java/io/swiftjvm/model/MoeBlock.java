package io.swiftjvm.model;

import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Routing;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A mixture of experts: tokens sorted by expert, each run through its own, the results weighed and put back. */
record MoeBlock(
    MoeConfig config, LinearSlot router, @Nullable Parameter correction, Experts experts,
    @Nullable Mlp shared, @Nullable LinearSlot sharedGate) implements FeedForward {
  static MoeBlock of(WeightSource source, MoeConfig moe, int hidden, int layer) {
    int e = moe.router().experts();
    boolean stacked = moe.storage() == MoeConfig.Storage.STACKED_CLAMPED;
    MlpConfig common = moe.shared();
    return new MoeBlock(moe, source.linear(layer, "mlp.gate", e, hidden, stacked),
        moe.correction() ? source.parameter(layer, "mlp.gate.e_score_correction_bias", e) : null,
        stacked ? StackedExperts.of(source, moe.expert(), e, hidden, layer)
            : SeparateExperts.of(source, moe.expert(), e, hidden, layer),
        common == null ? null : Mlp.of(source, common, hidden, layer, "mlp.shared_expert."),
        moe.sharedGate() ? source.linear(layer, "mlp.shared_expert_gate", 1, hidden, false) : null);
  }

  @Override
  public Tensor forward(Pass pass, Tensor x) {
    Ops ops = pass.ops();
    int k = config.router().topK();
    Tensor logits = router.forward(pass, x);
    Routing routing = Routing.of(ops, logits, correction == null ? null : correction.value(), config.router());
    int[] chosen = routing.experts();
    int[] offsets = new int[config.router().experts() + 1];
    for (int expert : chosen) {
      offsets[expert + 1]++;
    }
    for (int e = 0; e < offsets.length - 1; e++) {
      offsets[e + 1] += offsets[e];
    }
    int[] next = offsets.clone();
    int[] tokens = new int[chosen.length];
    int[] places = new int[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      int at = next[chosen[i]]++;
      tokens[at] = i / k;
      places[at] = i;
    }
    Tensor ids = ops.scope().ints(tokens);
    Tensor results = experts.forward(pass, ops.selectRows(x, ids), offsets);
    Tensor weights = ops.selectRows(ops.reshape(routing.weights(), chosen.length, 1), ops.scope().ints(places));
    Tensor y = Slices.scatterRows(ops, Broadcasts.multiplyColumn(ops, results, weights), ids, x.rows());
    if (shared == null) {
      return y;
    }
    Tensor common = shared.forward(pass, x);
    if (sharedGate != null) {
      common = Broadcasts.multiplyColumn(
          ops, common, ops.activation(Unary.SIGMOID, sharedGate.forward(pass, x)));
    }
    return ops.add(y, common);
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> all = new ArrayList<>();
    all.add(router);
    all.addAll(experts.linears());
    if (shared != null) {
      all.addAll(shared.linears());
    }
    if (sharedGate != null) {
      all.add(sharedGate);
    }
    return all;
  }

  /** The correction is not among them: it is set by the balance of the experts, not by a gradient. */
  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(router.linear().parameters());
    all.addAll(experts.parameters());
    if (shared != null) {
      all.addAll(shared.parameters());
    }
    if (sharedGate != null) {
      all.addAll(sharedGate.linear().parameters());
    }
    return all;
  }
}
