package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainJob;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.tuner.LoraAdapter;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTransform;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SoakTest {
  private static final int CYCLES = 3000;

  @Test
  void training_and_answering_in_turns_takes_no_more_memory_with_time() {
    int[] ids = IntStream.range(5, 21).toArray();
    int[] labels = IntStream.range(0, 16).map(i -> i < 15 ? ids[i + 1] : -100).toArray();
    Batch batch = new Batch(ids, IntStream.range(0, 16).toArray(), new int[] {0, 16}, labels, null);
    List<Long> resident = new ArrayList<>();
    Engine engine;
    GenerateRequest request =
        GenerateRequest.of(ids).sampling(SamplingParams.GREEDY.maxTokens(8).ignoreEos(true));
    try (Backend backend = Devices.cpu(2);
        CausalLm model = CausalLm.load(OracleFiles.path("models/qwen3"), backend)) {
      LoraAdapter adapter = new LoraTransform(LoraSpec.DEFAULT.rank(4), 1).attach(model);
      engine = new Engine(model);
      BatchSource data = BatchSource.cycle(List.of(List.of(batch)), CYCLES, "soak");
      TrainJob.of(TrainedWeights.of(adapter, "soak"), TrainSpec.DEFAULT, data).listener(event -> {
        if (event instanceof TrainEvent.StepEnd end) {
          engine.generate(request);
          resident.add(end.memoryBytes());
          if (resident.size() == CYCLES / 2 || resident.size() == CYCLES * 5 / 6) {
            System.gc(); // garbage of the heap is no leak
          }
        }
      }).run();
    }
    assertThat(resident).hasSize(CYCLES);
    // The tensors of one cycle are about 1 MB: kept, they would be 1 GB here. The JVM itself may still settle a little, and gives
    // the garbage's memory back some time after the collection.
    long half = Collections.min(resident.subList(CYCLES / 2, CYCLES * 2 / 3));
    assertThat(Collections.min(resident.subList(CYCLES * 5 / 6, CYCLES)) - half).isLessThan(48L << 20);
    assertThatThrownBy(() -> engine.generate(request)).isInstanceOf(IllegalStateException.class);
  }
}
