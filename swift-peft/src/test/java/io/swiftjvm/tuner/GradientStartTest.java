package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.OracleFiles;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GradientStartTest {
  private static final String PATH = "model.layers.0.self_attn.q_proj";
  private static final double[] SIGMA = {8, 6, 4, 3, 1e-3, 1e-3, 1e-3, 1e-3};

  /** Orthonormal vectors that the golden values were made with, up to signs. */
  private static double[][] basis(int length, boolean sine) {
    double[][] vectors = new double[8][length];
    for (int i = 0; i < length; i++) {
      for (int j = 0; j < 8; j++) {
        double at = (i + 1) * (j + 1);
        vectors[j][i] = sine ? Math.sin(at * 0.7 + 0.3) : Math.cos(at * 0.9 + 0.1);
      }
    }
    LowRankSvd.orthonormalise(vectors);
    return vectors;
  }

  private static float[] gradient(int out, int in) {
    double[][] u = basis(out, true);
    double[][] v = basis(in, false);
    float[] g = new float[out * in];
    for (int i = 0; i < g.length; i++) {
      double sum = 0;
      for (int j = 0; j < 8; j++) {
        sum += SIGMA[j] * u[j][i / in] * v[j][i % in];
      }
      g[i] = (float) sum;
    }
    return g;
  }

  /** The first values of |A| (two rows of four) and |B| (four rows of two) that PEFT 0.21 starts with; rank 2, alpha 3. */
  static Stream<Arguments> starts() {
    return Stream.of(
        Arguments.of(GradientStart.Direction.ARB2R, GradientStart.Scale.STABLE,
            new float[] {0.111284f, 0.0665868f, 0.1940662f, 0.1746802f, 0.0625409f, 0.1774237f, 0.1389515f, 0.1020093f},
            new float[] {0.3242344f, 0.0172456f, 0.4975269f, 0.1347744f, 0.1596589f, 0.2473559f, 0.3352585f, 0.3295851f}),
        Arguments.of(GradientStart.Direction.A2RBR, GradientStart.Scale.WEIGHT_SVD,
            new float[] {0.1938932f, 0.1369302f, 0.0720402f, 0.0222712f, 0.0308636f, 0.0198202f, 0.0589996f, 0.0930454f},
            new float[] {0.2844428f, 0.2447036f, 0.335213f, 0.0031844f, 0.2283272f, 0.2523507f, 0.0140555f, 0.0949129f}),
        Arguments.of(GradientStart.Direction.ARBR, GradientStart.Scale.GD_SCALE,
            new float[] {0.0416939f, 0.1182824f, 0.0926343f, 0.0680062f, 0.0205759f, 0.0132133f, 0.0393332f, 0.0620303f},
            new float[] {0.7897213f, 0.3056911f, 0.9306781f, 0.4690731f, 0.6339228f, 0.150528f, 0.0390235f, 0.3160847f}));
  }

  @ParameterizedTest
  @MethodSource("starts")
  void a_and_b_are_those_of_peft(
      GradientStart.Direction direction, GradientStart.Scale scale, float[] expectedA, float[] expectedB) {
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(OracleFiles.path("models/qwen3"), backend);
        Scope scope = new Scope(backend)) {
      LoraSpec spec = LoraSpec.DEFAULT.rank(2).alpha(3).targets(PATH).init(LoraInit.LORA_GA)
          .gradient(g -> g.direction(direction).scale(scale));
      int out = (int) model.linears().get(PATH).outFeatures();
      int in = (int) model.linears().get(PATH).inFeatures();
      LoraAdapter adapter = new LoraTransform(spec, 1)
          .attach(model, Map.of(PATH, scope.floats(gradient(out, in), out, in)));
      float[] a = adapter.parameters().get(0).value().toFloats();
      float[] b = adapter.parameters().get(1).value().toFloats();
      // PEFT takes the weight's largest singular value from a random sketch, so that factor is compared with itself.
      float factor = scale == GradientStart.Scale.WEIGHT_SVD ? Math.abs(b[0]) / expectedB[0] : 1;
      for (int i = 0; i < 8; i++) {
        assertThat(Math.abs(a[i / 4 * in + i % 4])).as("a " + i).isCloseTo(expectedA[i], within(2e-5f));
        assertThat(Math.abs(b[i])).as("b " + i).isCloseTo(factor * expectedB[i], within(2e-5f * Math.max(1, expectedB[i])));
      }
    }
  }

  @Test
  void gradients_of_frozen_weights_are_those_of_full_tuning() {
    try (Backend backend = Devices.cpu();
        CausalLm frozen = CausalLm.load(OracleFiles.path("models/qwen3"), backend);
        CausalLm full = CausalLm.load(OracleFiles.path("models/qwen3"), backend);
        Scope scope = new Scope(backend);
        Gradients expected = new Gradients(backend)) {
      full.trainFull();
      backward(full, expected);
      List<String> paths = LoraTargets.ALL.select(frozen.linears().keySet());
      Map<String, Tensor> found = GradientProbe.collect(frozen, paths, scope, () -> {
        try (Gradients none = new Gradients(backend)) {
          backward(frozen, none);
        }
      });
      assertThat(found).hasSameSizeAs(paths);
      found.forEach((path, sum) -> {
        float[] wanted = expected.get(full.linears().get(path).base().weight().value()).toFloats();
        assertThat(sum.toFloats()).as(path).usingComparatorWithPrecision(1e-5f).containsExactly(wanted);
      });
      assertThat(frozen.linears().get(PATH)).isNotInstanceOf(GradientProbe.class);
    }
  }

  private static void backward(CausalLm model, Gradients gradients) {
    try (Scope scope = new Scope(model.backend()); Tape tape = new Tape(model.backend())) {
      Pass pass = new Pass(new Ops(model.backend(), tape, scope), AttentionContext.packed(0, 5), List.of(), 0);
      Tensor hidden = model.hidden(pass, scope.ints(3, 14, 15, 92, 65), new int[] {0, 1, 2, 3, 4});
      Tensor loss = model.loss(pass, hidden, new int[] {14, 15, 92, 65, -100}, null, 4).loss();
      tape.backward(loss, scope.floats(new float[] {1}, 1), gradients);
    }
  }
}
