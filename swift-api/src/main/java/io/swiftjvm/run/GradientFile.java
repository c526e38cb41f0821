package io.swiftjvm.run;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ExpertStacks;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Gradients of every parameter as tensors {@code grad.NAME}. */
final class GradientFile {
  private GradientFile() {}

  static void add(CausalLm model, Gradients grads, SafetensorsWriter out) {
    for (Parameter parameter : model.parameters()) {
      Tensor value = parameter.value();
      out.add("grad." + parameter.name(), value.shape(), values(grads.get(value), value));
    }
    addStacks(model, grads, out);
  }

  /** The gradients of experts once more, under the names of transformers 5. */
  private static void addStacks(CausalLm model, Gradients grads, SafetensorsWriter out) {
    ExpertStacks.of(model.parameters()).forEach((name, members) -> {
      long[] shape = ExpertStacks.shape(name, members);
      float[] all = new float[Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact))];
      int at = 0;
      for (Parameter member : members) {
        float[] values = values(grads.get(member.value()), member.value());
        System.arraycopy(values, 0, all, at, values.length);
        at += values.length;
      }
      out.add("grad." + name, shape, all);
    });
  }

  private static float[] values(@Nullable Tensor gradient, Tensor like) {
    return gradient == null ? new float[Math.toIntExact(like.size())] : gradient.toFloats();
  }
}
