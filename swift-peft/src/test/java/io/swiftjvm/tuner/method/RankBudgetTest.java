package io.swiftjvm.tuner.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.train.AdapterOracle;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.CheckpointSpec;
import io.swiftjvm.train.Oracle;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainJob;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.tuner.AdapterFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** AdaLoRA gives up ranks as PEFT does. */
class RankBudgetTest {
  private static final Path RUN = Oracle.path("peft/variants/adalora_training");

  @TempDir
  Path temp;

  private void run(String save, UnaryOperator<CheckpointSpec> checkpoint, Consumer<TunerAdapter> done,
      StepCheck check) {
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(Oracle.path("models/qwen3-untied-sharded"), backend)) {
      TunerAdapter adapter = TunerFiles.attach(model, RUN, "default", true);
      TrainSpec spec = TrainSpec.DEFAULT
          .optim(o -> o.learningRate(1e-2).betas(0.9, 0.999).weightDecay(0).maxGradNorm(0))
          .schedule(s -> s.type("constant").warmupSteps(0)).checkpoint(checkpoint);
      TrainedWeights weights = TrainedWeights.of(adapter, "base");
      TrainJob.of(weights, spec, BatchSource.cycle(List.of(List.of(AdapterOracle.batch())), 8, "inputs"))
          .listener(event -> {
            if (event instanceof TrainEvent.StepEnd end) {
              check.at(end, adapter);
            }
          }).run();
      weights.save(temp.resolve(save));
      done.accept(adapter);
    }
  }

  private interface StepCheck {
    void at(TrainEvent.StepEnd end, TunerAdapter adapter);
  }

  @Test
  void eight_steps_keep_the_ranks_that_peft_keeps() {
    Map<String, float[]> golden = Oracle.tensors(RUN.resolve("golden.safetensors"));
    run("final", c -> c, adapter -> {
      assertThat(Oracle.worst(AdapterOracle.logits(adapter), golden.get("logits"))).isLessThan(1e-3);
    }, (end, adapter) -> {
      float wanted = golden.get("loss")[end.step() - 1];
      assertThat(end.loss()).isCloseTo(wanted, within(1e-5 * wanted));
      for (Parameter parameter : adapter.parameters()) {
        if (parameter.name().contains("lora_E")) {
          float[] values = golden.get("step" + end.step() + "." + parameter.name());
          float[] ours = parameter.value().toFloats();
          for (int i = 0; i < ours.length; i++) {
            assertThat(ours[i] == 0).as("%s %s of step %s", parameter.name(), i, end.step()).isEqualTo(values[i] == 0);
          }
          assertThat(Oracle.worst(ours, values)).isLessThan(5e-5);
        }
      }
    });
    assertThat(temp.resolve("final/rank_budget.safetensors")).doesNotExist();
  }

  @Test
  void a_continued_training_chooses_the_same_ranks() throws IOException {
    run("whole", c -> c, adapter -> { }, (end, adapter) -> { });
    run("half", c -> c.outputDir(temp.resolve("out")).saveSteps(1).totalLimit(null), adapter -> { },
        (end, adapter) -> { });
    for (int step : new int[] {1, 4, 7}) {
      Path checkpoint = temp.resolve("out/checkpoint-" + step);
      run("rest" + step, c -> c.resumeFrom(checkpoint), adapter -> { }, (end, adapter) -> { });
      assertThat(temp.resolve("rest" + step).resolve(AdapterFiles.WEIGHTS))
          .hasSameBinaryContentAs(temp.resolve("whole").resolve(AdapterFiles.WEIGHTS));
    }
    Path other = temp.resolve("out/checkpoint-4/rank_budget.safetensors");
    Files.copy(RUN.resolve(AdapterFiles.WEIGHTS), other, StandardCopyOption.REPLACE_EXISTING);
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(Oracle.path("models/qwen3-untied-sharded"), backend)) {
      TunerAdapter adapter = TunerFiles.attach(model, RUN, "default", true);
      assertThatThrownBy(() -> TunerFiles.load(adapter, temp.resolve("out/checkpoint-4")))
          .isInstanceOf(CheckpointException.class).hasMessageContaining("doubt");
    }
  }
}
