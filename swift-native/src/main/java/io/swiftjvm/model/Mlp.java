package io.swiftjvm.model;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.List;

/** A feed-forward part of any {@link MlpConfig.Form}; {@code inputs} are gate and up, both in one, or up alone. */
record Mlp(MlpConfig config, List<LinearSlot> inputs, LinearSlot down) implements FeedForward {
  static Mlp of(WeightSource source, MlpConfig config, int hidden, int layer, String prefix) {
    int m = config.width();
    boolean bias = config.bias();
    boolean transposed = config.form() == MlpConfig.Form.PLAIN_TRANSPOSED;
    List<LinearSlot> inputs = switch (config.form()) {
      case GATED -> List.of(source.linear(layer, prefix + "gate_proj", m, hidden, bias),
          source.linear(layer, prefix + "up_proj", m, hidden, bias));
      case GATED_FUSED -> List.of(source.linear(layer, prefix + "gate_up_proj", 2L * m, hidden, bias));
      case PLAIN, PLAIN_TRANSPOSED -> List.of(source.linear(layer, prefix + "up_proj", m, hidden, bias, transposed));
    };
    return new Mlp(config, inputs, source.linear(layer, prefix + "down_proj", hidden, m, bias, transposed));
  }

  @Override
  public Tensor forward(Pass pass, Tensor x) {
    Ops ops = pass.ops();
    Tensor first = inputs.getFirst().forward(pass, x);
    Tensor middle = switch (config.form()) {
      case GATED -> ops.gated(config.activation(), first, inputs.getLast().forward(pass, x));
      case GATED_FUSED -> ops.gated(config.activation(), Slices.columns(ops, first, 0, config.width()),
          Slices.columns(ops, first, config.width(), config.width()));
      case PLAIN, PLAIN_TRANSPOSED -> ops.activation(config.activation(), first);
    };
    return down.forward(pass, middle);
  }

  @Override
  public List<LinearSlot> linears() {
    return inputs.size() == 1 ? List.of(inputs.getFirst(), down) : List.of(inputs.getFirst(), inputs.getLast(), down);
  }

  @Override
  public List<Parameter> parameters() {
    return linears().stream().flatMap(slot -> slot.linear().parameters().stream()).toList();
  }
}
