package io.swiftjvm.model;

import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.List;

/** The feed-forward part of one layer, {@code down(act(gate(x)) * up(x))}. */
record GatedMlp(MlpConfig config, LinearSlot gate, LinearSlot up, LinearSlot down) {
  /** x (n,c), normed, to (n,c). */
  Tensor forward(Pass pass, Tensor x) {
    return down.forward(pass, pass.ops().gated(config.activation(), gate.forward(pass, x), up.forward(pass, x)));
  }

  List<LinearSlot> linears() {
    return List.of(gate, up, down);
  }

  List<Parameter> parameters() {
    return linears().stream().flatMap(slot -> slot.linear().parameters().stream()).toList();
  }
}
