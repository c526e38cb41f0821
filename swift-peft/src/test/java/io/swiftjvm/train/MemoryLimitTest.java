package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.data.Batch;
import io.swiftjvm.error.MemoryException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.train.checkpoint.CheckpointStore;
import io.swiftjvm.tuner.LoraTransform;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A step that needs more memory than there may be. */
class MemoryLimitTest {
  @TempDir
  Path temp;

  private static Batch row(int length) {
    int[] ids = IntStream.range(0, length).map(i -> i % 50).toArray();
    return new Batch(ids, IntStream.range(0, length).toArray(), new int[] {0, length}, ids, null);
  }

  @Test
  void it_is_refused_with_its_numbers_what_was_learnt_is_saved_and_the_model_goes_on() {
    try (CpuBackend backend = new CpuBackend(2); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      TrainedWeights weights = TrainedWeights.of(new LoraTransform(TinyRun.LORA, 7).attach(model), "base");
      TrainJob.of(weights, TinyRun.SPEC, BatchSource.cycle(List.of(List.of(row(16))), 1, "")).run();
      long limit = backend.peakBytes() + (64 << 10);
      backend.limit(limit);
      TrainSpec spec = TinyRun.SPEC.checkpoint(c -> c.outputDir(temp).saveSteps(0));
      TrainJob job = TrainJob.of(weights, spec,
          BatchSource.cycle(List.of(List.of(row(16)), List.of(row(16)), List.of(row(500))), 6, ""));
      assertThatThrownBy(job::run).isInstanceOfSatisfying(MemoryException.class, refusal -> {
        assertThat(refusal.limit()).isEqualTo(limit);
        assertThat(refusal.used() + refusal.asked()).isGreaterThan(limit);
      });
      assertThat(new CheckpointStore(temp, null).latest()).contains(temp.resolve("checkpoint-2"));
      assertThat(TrainJob.of(weights, TinyRun.SPEC, BatchSource.cycle(List.of(List.of(row(16))), 2, "")).run().steps())
          .isEqualTo(2);
    }
  }
}
