package io.swiftjvm.model;

import io.swiftjvm.autograd.Slices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Experts with projections of their own, each of which can take an adapter. */
record SeparateExperts(List<Mlp> all) implements Experts {
  static SeparateExperts of(WeightSource source, MlpConfig expert, int count, int hidden, int layer) {
    List<Mlp> all = new ArrayList<>();
    for (int e = 0; e < count; e++) {
      all.add(Mlp.of(source, expert, hidden, layer, "mlp.experts." + e + "."));
    }
    return new SeparateExperts(all);
  }

  @Override
  public Tensor forward(Pass pass, Tensor x, int[] offsets) {
    List<Tensor> results = new ArrayList<>();
    for (int e = 0; e < all.size(); e++) {
      int rows = offsets[e + 1] - offsets[e];
      if (rows > 0) {
        results.add(all.get(e).forward(pass, Slices.rows(pass.ops(), x, offsets[e], rows)));
      }
    }
    return Slices.joinRows(pass.ops(), results);
  }

  @Override
  public List<LinearSlot> linears() {
    return all.stream().flatMap(expert -> expert.linears().stream()).toList();
  }

  @Override
  public List<Parameter> parameters() {
    return all.stream().flatMap(expert -> expert.parameters().stream()).toList();
  }
}
