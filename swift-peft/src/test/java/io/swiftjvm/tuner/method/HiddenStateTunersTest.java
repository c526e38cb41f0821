package io.swiftjvm.tuner.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.Oracle;
import io.swiftjvm.tuner.Seeds;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The formulas of methods that PEFT does not have, in double, beside what a pass gives. */
class HiddenStateTunersTest {
  private static final int[] IDS = {5, 17, 300, 9};

  private static double[][] matrix(Parameter parameter) {
    float[] flat = parameter.value().toFloats();
    int width = Math.toIntExact(parameter.value().dim(parameter.value().rank() - 1));
    double[][] rows = new double[flat.length / width][width];
    for (int i = 0; i < flat.length; i++) {
      rows[i / width][i % width] = flat[i];
    }
    return rows;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void shake(TunerAdapter adapter) {
    Seeds random = Seeds.of(3, "shake");
    for (Parameter parameter : adapter.parameters()) {
      float[] values = parameter.value().toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] += (float) (0.3 * random.normal());
      }
      adapter.model().backend().upload(MemorySegment.ofArray(values), parameter.value());
    }
  }

  /** What the first block gives. */
  private static double[][] firstBlock(CausalLm model, List<String> adapters) {
    double[][] seen = new double[IDS.length][model.config().hiddenSize()];
    try (Scope scope = new Scope(model.backend())) {
      Pass pass = Pass.of(new Ops(model.backend(), null, scope), AttentionContext.packed(0, IDS.length)).adapters(adapters);
      model.hidden(pass, scope.ints(IDS), new int[] {0, 1, 2, 3}, (index, hidden) -> {
        if (index == 1) {
          float[] flat = hidden.toFloats();
          for (int i = 0; i < flat.length; i++) {
            seen[i / seen[0].length][i % seen[0].length] = flat[i];
          }
        }
      });
    }
    return seen;
  }

  @ParameterizedTest
  @EnumSource(ReftSpec.Kind.class)
  void reft_moves_hidden_states_by_its_formula(ReftSpec.Kind kind) {
    try (Backend backend = Devices.cpu(); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      double[][] before = firstBlock(model, List.of());
      TunerAdapter adapter =
          new TunerTransform("default", new ReftSpec(3, List.of(0), kind), 1).attach(model);
      shake(adapter);
      List<Parameter> all = adapter.parameters();
      double[][] r = matrix(all.getFirst());
      boolean orthonormal = kind != ReftSpec.Kind.NOREFT && kind != ReftSpec.Kind.NODIREFT;
      for (int i = 0; orthonormal && i < r.length; i++) {
        for (int j = 0; j < i; j++) {
          double share = dot(r[i], r[j]);
          for (int c = 0; c < r[i].length; c++) {
            r[i][c] -= share * r[j][c];
          }
        }
        double norm = Math.sqrt(dot(r[i], r[i]));
        for (int c = 0; c < r[i].length; c++) {
          r[i][c] /= norm;
        }
      }
      double[][] w = all.size() == 3 ? matrix(all.get(1)) : null;
      double[] b = matrix(all.getLast())[0];
      boolean subtracts = kind != ReftSpec.Kind.LOBIREFT && kind != ReftSpec.Kind.DIREFT && kind != ReftSpec.Kind.NODIREFT;
      double[][] after = firstBlock(model, List.of("default"));
      for (int t = 0; t < before.length; t++) {
        double[] wanted = before[t].clone();
        for (int i = 0; i < r.length; i++) {
          double along = b[i] + (w == null ? 0 : dot(w[i], before[t])) - (subtracts ? dot(r[i], before[t]) : 0);
          for (int c = 0; c < wanted.length; c++) {
            wanted[c] += along * r[i][c];
          }
        }
        assertThat(after[t]).containsExactly(wanted, within(1e-5));
      }
    }
  }

  @Test
  void a_bottleneck_adds_its_network_behind_the_projection() {
    try (Backend backend = Devices.cpu(); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend);
        Scope scope = new Scope(backend)) {
      TunerAdapter adapter =
          new TunerTransform("default", AdapterSpec.DEFAULT.length(7).activation("relu"), 1).attach(model);
      shake(adapter);
      Linear linear = model.linears().get("model.layers.0.mlp.down_proj");
      float[] x = new float[Math.toIntExact(linear.inFeatures())];
      Seeds random = Seeds.of(5, "x");
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.normal();
      }
      Tensor row = scope.floats(x, 1, x.length);
      Pass pass = Pass.of(new Ops(backend, null, scope), AttentionContext.packed(0, 1));
      float[] plain = linear.forward(pass.adapters(List.of()), row).toFloats();
      float[] changed = linear.forward(pass, row).toFloats();
      double[] y = new double[plain.length];
      for (int i = 0; i < y.length; i++) {
        y[i] = plain[i];
      }
      List<Parameter> own = adapter.parameters();
      double[][] down = matrix(own.get(0));
      double[] h = new double[7];
      for (int i = 0; i < h.length; i++) {
        h[i] = Math.max(0, dot(down[i], y) + matrix(own.get(1))[0][i]);
      }
      double[][] up = matrix(own.get(2));
      for (int i = 0; i < y.length; i++) {
        assertThat((double) changed[i]).isCloseTo(y[i] + dot(up[i], h) + matrix(own.get(3))[0][i], within(1e-4));
      }
    }
  }
}
