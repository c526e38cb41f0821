package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tuner.AdapterFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ten steps of PEFT on rows that are packed into one, whose positions start again. */
class PackedRunTest {
  private static final Path RUN = Oracle.path("rl_training/qwen3/sft_packed");
  private static final Path DATA = Oracle.path("rl_training/qwen3/data.safetensors");

  private static Batch packed() {
    int[] ids = ints("packed_ids");
    int[] positions = ints("position_ids");
    int[] labels = ints("packed_labels");
    int[] starts = IntStream.concat(IntStream.range(0, ids.length).filter(i -> positions[i] == 0), IntStream.of(ids.length))
        .toArray();
    int[] shifted = IntStream.range(0, ids.length).map(i -> i + 1 < ids.length ? labels[i + 1] : -100).toArray();
    return new Batch(ids, positions, starts, shifted, null);
  }

  private static int[] ints(String name) {
    return LongStream.of(Oracle.longs(DATA, name)).mapToInt(Math::toIntExact).toArray();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void packed_rows_are_learnt_as_in_the_reference_and_so_are_the_same_rows_apart(boolean together) {
    JsonNode golden = Oracle.json("rl_training/qwen3/sft_packed/golden.json");
    List<Batch> micro = together ? List.of(packed()) : Oracle.split(packed());
    List<TrainEvent.StepEnd> steps = new ArrayList<>();
    try (Backend backend = Devices.cpu(); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      TrainedWeights weights =
          TrainedWeights.of(AdapterFiles.attach(model, RUN.resolve("init"), "default", true), "base");
      TrainSpec spec = TrainSpec.DEFAULT.optim(o -> o.learningRate(golden.get("lr").doubleValue()).betas(0.9, 0.999)
          .weightDecay(golden.get("weight_decay").doubleValue()).decayAll(true).maxGradNorm(golden.get("clip").doubleValue()))
          .schedule(s -> s.type("constant"));
      TrainJob.of(weights, spec, BatchSource.cycle(List.of(micro), 10, "packed")).listener(event -> {
        if (event instanceof TrainEvent.StepEnd end) {
          steps.add(end);
        }
      }).run();
      double[] loss = Oracle.doubles(golden.get("loss"));
      double[] norm = Oracle.doubles(golden.get("grad_norm"));
      assertThat(steps).hasSize(10);
      for (int i = 0; i < 10; i++) {
        assertThat(steps.get(i).loss()).as("loss " + i).isCloseTo(loss[i], within(1e-5 * loss[i]));
        assertThat(steps.get(i).gradNorm()).as("norm " + i).isCloseTo(norm[i], within(1e-4 * norm[i]));
      }
      assertThat(packed().cuSeqlens()).hasSize(5);
      int first = packed().cuSeqlens()[1];
      float[] logits = Oracle.logits(model, List.of("default"), Arrays.copyOf(Oracle.longs(DATA, "packed_ids"), first));
      float[] last = Oracle.tensors(RUN.resolve("golden.safetensors")).get("final_logits_row0");
      assertThat(Oracle.worst(Arrays.copyOfRange(logits, logits.length - last.length, logits.length), last))
          .isLessThan(1e-3);
    }
  }
}
