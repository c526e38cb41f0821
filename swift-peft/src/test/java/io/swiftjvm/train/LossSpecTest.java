package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.Batch;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.train.objective.CausalLmObjective;
import io.swiftjvm.train.objective.LossSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LossSpecTest {
  @TempDir
  Path temp;

  private static double loss(LossSpec spec, long dropoutKey) {
    Batch batch = Oracle.micro("qwen3").getFirst();
    try (Backend backend = Devices.cpu(); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend);
        Scope scope = new Scope(backend)) {
      CausalLmObjective objective = CausalLmObjective.SFT.with(spec);
      Pass pass = new Pass(new Ops(backend, null, scope), AttentionContext.packed(batch.cuSeqlens()),
          List.of("default"), dropoutKey);
      return objective.loss(model, pass, batch, objective.units(batch)).value();
    }
  }

  /** Losses of four steps with these settings. */
  private List<Double> curve(UnaryOperator<LossSpec> change) {
    List<Double> losses = new ArrayList<>();
    TinyRun.run(TinyRun.SPEC.loss(change), 4, temp.resolve("run" + change.hashCode()), job -> job.listener(event -> {
      if (event instanceof TrainEvent.StepEnd end) {
        losses.add(end.loss());
      }
    }));
    return losses;
  }

  @Test
  void another_form_of_the_loss_meets_the_plain_one_where_its_setting_vanishes() {
    double plain = loss(LossSpec.DEFAULT, 0);
    assertThat(loss(LossSpec.DEFAULT.zLoss(1e-12), 0)).isCloseTo(plain, within(1e-6));
    assertThat(loss(LossSpec.DEFAULT.labelSmoothing(1e-9), 0)).isCloseTo(plain, within(1e-6));
    assertThat(loss(LossSpec.DEFAULT.zLoss(0.1), 0)).isGreaterThan(plain);
  }

  @Test
  void noise_is_small_fixed_by_its_key_and_only_in_training() {
    double plain = loss(LossSpec.DEFAULT, 0);
    LossSpec noisy = LossSpec.DEFAULT.neftune(5);
    assertThat(loss(noisy, 0)).isEqualTo(plain);
    assertThat(loss(noisy, 7)).isEqualTo(loss(noisy, 7)).isNotEqualTo(plain).isNotEqualTo(loss(noisy, 8));
    assertThat(loss(LossSpec.DEFAULT.neftune(0.01), 7)).isCloseTo(plain, within(0.01));
  }

  @Test
  void each_setting_changes_training_and_stays_finite() {
    List<Double> plain = curve(l -> l);
    for (UnaryOperator<LossSpec> change : List.<UnaryOperator<LossSpec>>of(
        l -> l.labelSmoothing(0.1), l -> l.dft(true), l -> l.zLoss(0.01), l -> l.neftune(5))) {
      List<Double> other = curve(change);
      assertThat(other).hasSize(4).isNotEqualTo(plain).allMatch(Double::isFinite);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"noise", "smoothing"})
  void a_run_continues_bit_for_bit(String what) {
    TrainSpec spec = TinyRun.SPEC.loss(l -> what.equals("noise") ? l.neftune(5) : l.labelSmoothing(0.1));
    TrainSpec saving = spec.checkpoint(c -> c.outputDir(temp.resolve("out")).saveSteps(2));
    TinyRun.run(saving, 4, temp.resolve("whole"), job -> job);
    Path middle = temp.resolve("out/checkpoint-2");
    TinyRun.run(spec.checkpoint(c -> c.resumeFrom(middle)), 4, temp.resolve("rest"), job -> job);
    assertThat(temp.resolve("rest/adapter_model.safetensors"))
        .hasSameBinaryContentAs(temp.resolve("whole/adapter_model.safetensors"));
    assertThatThrownBy(() -> TinyRun.run(TinyRun.SPEC.checkpoint(c -> c.resumeFrom(middle)), 4, temp.resolve("other"),
        job -> job)).isInstanceOf(CheckpointException.class).hasMessageContaining("objective");
  }

  @Test
  void illegal_noise_is_refused() {
    assertThatThrownBy(() -> LossSpec.DEFAULT.neftune(-1)).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("neftune_noise_alpha");
  }
}
