package io.swiftjvm.quant;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.LoadOptions;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.OracleFiles;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** int4 beside llama.cpp's Q4_0: 32 weights share a float16 scale, an eighth of the largest one with its sign turned. */
class QuantErrorTest {
  private static final int GROUP = 32;

  /** A row's last group is shorter where it does not divide the row. */
  private static float[] q40(float[] x, int columns) {
    float[] out = new float[x.length];
    for (int from = 0, to; from < x.length; from = to) {
      to = from + Math.min(GROUP, columns - from % columns);
      float most = 0;
      for (int i = from; i < to; i++) {
        most = Math.abs(x[i]) > Math.abs(most) ? x[i] : most;
      }
      float scale = most / -8;
      float inverse = scale == 0 ? 0 : 1 / scale;
      float stored = Float.float16ToFloat(Float.floatToFloat16(scale));
      for (int i = from; i < to; i++) {
        out[i] = (Math.min(15, (int) (x[i] * inverse + 8.5f)) - 8) * stored;
      }
    }
    return out;
  }

  private static double squares(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] - b[i]).map(d -> d * d).sum();
  }

  private static float[] logits(Path folder, Consumer<CausalLm> change) {
    try (Backend backend = Devices.cpu(2);
        CausalLm model = CausalLm.load(folder, backend, new LoadOptions(DType.F32));
        Scope scope = new Scope(backend)) {
      change.accept(model);
      int[] ids = IntStream.range(5, 69).toArray();
      Pass pass = Pass.of(new Ops(backend, null, scope), AttentionContext.packed(0, ids.length));
      return model.logits(pass, model.hidden(pass, scope.ints(ids), IntStream.range(0, ids.length).toArray())).toFloats();
    }
  }

  /**
   * Squared errors of all weights and of the logits: of ours, of theirs. Both are multiplied in float32 and leave the
   * output projection alone, so that nothing but the rounding of weights is compared.
   */
  private static double[] errors(Path folder) {
    double[] weights = new double[2];
    float[] exact = logits(folder, model -> { });
    float[] ours = logits(folder, model -> weights[0] = round(model, QuantErrorTest::q4));
    float[] theirs = logits(folder, model -> weights[1] = round(model,
        (backend, x) -> q40(x.toFloats(), Math.toIntExact(x.columns()))));
    return new double[] {weights[0], weights[1], squares(exact, ours), squares(exact, theirs)};
  }

  private static float[] q4(Backend backend, Tensor x) {
    try (Scope scope = new Scope(backend)) {
      Tensor packed = scope.tensor(DType.Q4, x.shape());
      backend.quantize(x, packed);
      Tensor wide = scope.floats(x.shape());
      backend.cast(packed, wide);
      return wide.toFloats();
    }
  }

  /** Rounds all projections but the output one; the sum of the squared errors. */
  private static double round(CausalLm model, BiFunction<Backend, Tensor, float[]> way) {
    double[] sum = new double[1];
    model.linears().forEach((path, linear) -> {
      if (!path.equals("lm_head")) {
        Parameter weight = linear.base().weight();
        float[] rounded = way.apply(model.backend(), weight.value());
        sum[0] += squares(weight.value().toFloats(), rounded);
        weight.replace(model.scope().floats(rounded, weight.value().shape()));
      }
    });
    return sum[0];
  }

  @Test
  void the_error_of_int4_is_below_that_of_q4_0_on_weights_and_in_the_mean_on_logits() {
    List<String> models = List.of("qwen3", "llama3", "qwen2", "gemma3", "glm4", "qwen3-untied-sharded");
    double ratio = 1;
    for (String name : models) {
      double[] errors = errors(OracleFiles.path("models/" + name));
      assertThat(Math.sqrt(errors[0] / errors[1])).as(name).isBetween(0.9, 0.96);
      ratio *= Math.sqrt(errors[2] / errors[3]);
    }
    // The logits of one small model go up or down by a tenth: what one error does to them is chance.
    assertThat(Math.pow(ratio, 1.0 / models.size())).isBetween(0.9, 0.999);
  }
}
