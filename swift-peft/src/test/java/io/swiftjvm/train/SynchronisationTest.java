package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.cuda.FakeCuda;
import io.swiftjvm.backend.cuda.FakeCuda.Control;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tuner.LoraTransform;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How often the host waits for a GPU: as the fake driver counts it. */
class SynchronisationTest {
  @Test
  void the_host_waits_twice_in_a_step_whatever_the_number_of_weights_and_of_chunks_of_logits() {
    FakeCuda.file();
    try (Backend cuda = FakeCuda.open().exact(true); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), cuda)) {
      TrainedWeights weights = TrainedWeights.of(new LoraTransform(TinyRun.LORA, 7).attach(model), "base");
      assertThat(weights.parameters()).hasSizeGreaterThan(10);
      BatchSource data = BatchSource.cycle(List.of(List.of(Oracle.micro("qwen3").get(0))), 3, "one row a step");
      List<Long> waits = new ArrayList<>();
      TrainJob.of(weights, TinyRun.SPEC, data).listener(event -> {
        if (event instanceof TrainEvent.Started || event instanceof TrainEvent.StepEnd) {
          waits.add(FakeCuda.control(Control.SYNCS, 0));
        }
      }).run();
      // For the losses of the tokens, then for the norm of the gradients, on which the update depends.
      assertThat(waits).hasSize(4);
      for (int step = 1; step < waits.size(); step++) {
        assertThat(waits.get(step) - waits.get(step - 1)).as("step " + step).isEqualTo(2);
      }
    }
  }
}
