package io.swiftjvm.model;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** One layer: {@code x += attention(norm(x)); x += mlp(norm(x))}. */
record DecoderBlock(AttentionBlock attention, GatedMlp mlp, Norm inputNorm, Norm mlpNorm) {
  /** x (n,c) to (n,c); temporaries of each half go back at its end. */
  Tensor forward(Pass pass, Tensor x, RopeTable.Angles angles) {
    Ops ops = pass.ops();
    Tensor middle =
        ops.local(() -> ops.add(x, attention.forward(pass, inputNorm.forward(ops, x), angles)));
    return ops.local(() -> ops.add(middle, mlp.forward(pass, mlpNorm.forward(ops, middle))));
  }

  List<LinearSlot> linears() {
    return Stream.concat(attention.linears().stream(), mlp.linears().stream()).toList();
  }

  /** In the order of transformers. */
  List<Parameter> parameters() {
    return Stream.of(
            attention.parameters().stream(), mlp.parameters().stream(), Stream.of(inputNorm.weight(), mlpNorm.weight()))
        .flatMap(s -> s)
        .toList();
  }
}
