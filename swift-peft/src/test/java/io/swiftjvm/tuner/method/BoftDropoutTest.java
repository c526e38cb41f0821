package io.swiftjvm.tuner.method;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.Seeds;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BoftDropoutTest {
  private static final String PATH = "model.layers.0.self_attn.q_proj";

  private static float[] forward(CausalLm model, long key) {
    try (Scope scope = new Scope(model.backend())) {
      Linear linear = model.linears().get(PATH);
      float[] x = new float[2 * (int) linear.inFeatures()];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) Math.sin(i);
      }
      Tensor in = scope.floats(x, 2, linear.inFeatures());
      Pass pass = new Pass(
          new Ops(model.backend(), null, scope), AttentionContext.packed(0, 2), List.of("default"), key);
      return linear.forward(pass, in).toFloats();
    }
  }

  private static float apart(float[] a, float[] b) {
    float worst = 0;
    for (int i = 0; i < a.length; i++) {
      worst = Math.max(worst, Math.abs(a[i] - b[i]));
    }
    return worst;
  }

  @Test
  void as_many_blocks_as_the_share_says_stand_still_in_a_pass_of_the_training() {
    BoftSpec spec = BoftSpec.DEFAULT.blockSize(8).dropout(0.5).targets(LoraTargets.of(PATH));
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(OracleFiles.path("models/qwen3"), backend)) {
      TunerAdapter adapter = new TunerTransform("default", spec, 1).attach(model);
      Parameter r = adapter.parameters().stream().filter(p -> p.name().contains("boft_R")).findFirst().orElseThrow();
      int blocks = (int) r.value().dim(1);
      float[] values = new float[(int) r.value().size()];
      Seeds random = Seeds.of(7, "r");
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (0.3 * random.normal());
      }
      backend.upload(MemorySegment.ofArray(values), r.value());
      adapter.updated();
      float[] whole = forward(model, 0);
      float[] dropped = forward(model, 99);
      assertThat(forward(model, 99)).isEqualTo(dropped);
      int found = 0;
      for (int still = 0; still < 1 << blocks; still++) {
        if (Integer.bitCount(still) == blocks / 2) {
          float[] part = values.clone();
          for (int b = 0; b < blocks; b++) {
            if ((still >> b & 1) == 1) {
              Arrays.fill(part, b * 64, (b + 1) * 64, 0);
            }
          }
          backend.upload(MemorySegment.ofArray(part), r.value());
          adapter.updated();
          found += apart(forward(model, 0), dropped) < 1e-5 ? 1 : 0;
        }
      }
      assertThat(found).isEqualTo(1);
      assertThat(apart(whole, dropped)).isGreaterThan(1e-3f);
    }
  }
}
