package io.swiftjvm.model;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One layer: {@code x += mixer(norm(x)); x += feedForward(norm(x))}, with the norms where {@link LayerConfig.Norms} has
 * them.
 */
record DecoderBlock(
    Mixer mixer, FeedForward feedForward, @Nullable Norm beforeMixer, @Nullable Norm afterMixer,
    @Nullable Norm beforeFeedForward, @Nullable Norm afterFeedForward, LayerConfig config) {
  /** x (n,c) to (n,c); temporaries of each half go back at its end. */
  Tensor forward(Pass pass, Tensor x, RopeTable.@Nullable Angles angles) {
    Ops ops = pass.ops();
    if (config.norms().parallel) {
      return ops.local(() -> {
        Tensor normed = norm(ops, beforeMixer, x);
        Tensor mixed = ops.add(x, scaled(ops, mixer.forward(pass, normed, angles)));
        return ops.add(mixed, scaled(ops, feedForward.forward(pass, normed)));
      });
    }
    Tensor middle = ops.local(() -> ops.add(x, scaled(ops,
        norm(ops, afterMixer, mixer.forward(pass, norm(ops, beforeMixer, x), angles)))));
    return ops.local(() -> ops.add(middle, scaled(ops,
        norm(ops, afterFeedForward, feedForward.forward(pass, norm(ops, beforeFeedForward, middle))))));
  }

  private static Tensor norm(Ops ops, @Nullable Norm norm, Tensor x) {
    return norm == null ? x : norm.forward(ops, x);
  }

  private Tensor scaled(Ops ops, Tensor x) {
    return config.residualScale() == 1 ? x : ops.scale(x, config.residualScale());
  }

  List<LinearSlot> linears() {
    return Stream.concat(mixer.linears().stream(), feedForward.linears().stream()).toList();
  }

  /** In the order of transformers. */
  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(mixer.parameters());
    all.addAll(feedForward.parameters());
    Stream.of(beforeMixer, afterMixer, beforeFeedForward, afterFeedForward).forEach(norm -> {
      if (norm != null) {
        all.addAll(norm.parameters());
      }
    });
    return all;
  }
}
