package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.train.checkpoint.CheckpointStore;
import io.swiftjvm.train.checkpoint.TrainerState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResumeTest {
  private static final String WEIGHTS = "adapter_model.safetensors";

  @TempDir
  Path temp;

  private TrainSpec saving(int steps) {
    return TinyRun.SPEC.checkpoint(c -> c.outputDir(temp.resolve("out")).saveSteps(steps));
  }

  /** Cancels when step {@code at} ends. */
  private static UnaryOperator<TrainJob> stopAfter(int at) {
    CancellationToken token = new CancellationToken();
    return job -> job.cancellation(token).listener(event -> {
      if (event instanceof TrainEvent.StepEnd end && end.step() == at) {
        token.cancel();
      }
    });
  }

  @Test
  void ten_and_ten_steps_are_twenty_bit_for_bit() {
    TinyRun.run(TinyRun.SPEC, 20, temp.resolve("whole"), job -> job);
    TrainResult first = TinyRun.run(saving(0), 20, temp.resolve("half"), stopAfter(10));
    assertThat(first.cancelled()).isTrue();
    assertThat(first.steps()).isEqualTo(10);
    Path checkpoint = temp.resolve("out/checkpoint-10");
    assertThat(first.checkpoint()).isEqualTo(checkpoint);
    List<Double> rates = new ArrayList<>();
    TrainResult second = TinyRun.run(saving(0).checkpoint(c -> c.resumeFrom(checkpoint)), 20, temp.resolve("rest"),
        job -> job.listener(event -> {
          if (event instanceof TrainEvent.StepEnd end) {
            rates.add(end.learningRate());
          }
        }));
    assertThat(second.cancelled()).isFalse();
    assertThat(rates).hasSize(10);
    assertThat(temp.resolve("rest").resolve(WEIGHTS)).hasSameBinaryContentAs(temp.resolve("whole").resolve(WEIGHTS));
    assertThat(temp.resolve("half").resolve(WEIGHTS)).hasSameBinaryContentAs(checkpoint.resolve(WEIGHTS));
    assertThat(TrainerState.read(temp.resolve("out/checkpoint-20")).step()).isEqualTo(20);
  }

  @Test
  void a_full_training_continues_bit_for_bit_too() {
    TinyRun.full(TinyRun.SPEC, 6, temp.resolve("whole"), job -> job);
    TinyRun.full(saving(0), 6, temp.resolve("half"), stopAfter(3));
    TinyRun.full(saving(0).checkpoint(c -> c.resumeFrom(temp.resolve("out/checkpoint-3"))), 6, temp.resolve("rest"),
        job -> job);
    assertThat(temp.resolve("rest/model.safetensors")).hasSameBinaryContentAs(temp.resolve("whole/model.safetensors"));
  }

  @Test
  void an_interrupt_saves_stops_and_stays_visible() throws InterruptedException {
    TinyRun.run(TinyRun.SPEC, 6, temp.resolve("whole"), job -> job);
    boolean[] seen = new boolean[1];
    TrainResult[] result = new TrainResult[1];
    Thread thread = new Thread(() -> {
      result[0] = TinyRun.run(saving(2), 6, temp.resolve("half"), job -> job.listener(event -> {
        if (event instanceof TrainEvent.StepEnd end && end.step() == 3) {
          Thread.currentThread().interrupt();
        }
        if (event instanceof TrainEvent.Cancelled) {
          seen[0] = true;
        }
      }));
    });
    // The adapter is saved again after the run, on a thread whose interrupt flag is up: that save fails, and may.
    thread.setUncaughtExceptionHandler((t, e) -> { });
    thread.start();
    thread.join();
    assertThat(seen[0]).isTrue();
    TinyRun.run(saving(0).checkpoint(c -> c.resumeFrom(temp.resolve("out/checkpoint-3"))), 6, temp.resolve("rest"),
        job -> job);
    assertThat(temp.resolve("rest").resolve(WEIGHTS)).hasSameBinaryContentAs(temp.resolve("whole").resolve(WEIGHTS));
  }

  @Test
  void a_killed_run_goes_on_from_its_last_whole_checkpoint() throws IOException {
    TinyRun.run(TinyRun.SPEC, 8, temp.resolve("whole"), job -> job);
    assertThatThrownBy(() -> TinyRun.run(saving(3), 8, temp.resolve("half"), job -> job.listener(event -> {
      if (event instanceof TrainEvent.StepEnd end && end.step() == 7) {
        throw new IllegalStateException("as if killed");
      }
    }))).hasMessage("as if killed");
    CheckpointStore store = new CheckpointStore(temp.resolve("out"), null);
    assertThat(store.latest()).contains(temp.resolve("out/checkpoint-6"));
    // A crash in the middle of a write left half a folder, and the newest one was damaged later.
    Files.createDirectory(temp.resolve("out/checkpoint-7"));
    byte[] bytes = Files.readAllBytes(temp.resolve("out/checkpoint-6/optimizer.safetensors"));
    bytes[bytes.length - 3] ^= 1;
    Files.write(temp.resolve("out/checkpoint-6/optimizer.safetensors"), bytes);
    assertThat(store.latest()).contains(temp.resolve("out/checkpoint-3"));
    assertThatThrownBy(() -> TinyRun.run(
        saving(0).checkpoint(c -> c.resumeFrom(temp.resolve("out/checkpoint-6"))), 8, temp.resolve("x"), job -> job))
        .isInstanceOf(CheckpointException.class).hasMessageContaining("optimizer.safetensors");
    TinyRun.run(saving(0).checkpoint(c -> c.resumeFrom(store.latest().orElseThrow())), 8, temp.resolve("rest"),
        job -> job);
    assertThat(temp.resolve("rest").resolve(WEIGHTS)).hasSameBinaryContentAs(temp.resolve("whole").resolve(WEIGHTS));
  }

  @Test
  void another_seed_plan_or_data_set_is_refused_by_name() {
    TinyRun.run(saving(2), 4, temp.resolve("half"), job -> job.identity(Map.of("plan", "a")));
    UnaryOperator<CheckpointSpec> resume = c -> c.resumeFrom(temp.resolve("out/checkpoint-2"));
    refused(TinyRun.SPEC.checkpoint(resume).seed(8), 4, "a", "seed was '7' and is '8'");
    refused(TinyRun.SPEC.checkpoint(resume).dataSeed(8), 4, "a", "data seed");
    refused(TinyRun.SPEC.checkpoint(resume), 4, "b", "plan was 'a' and is 'b'");
    refused(TinyRun.SPEC.checkpoint(resume), 5, "a", "total steps");
    refused(TinyRun.SPEC.checkpoint(resume).optim(o -> o.weightDecay(0.2)), 4, "a", "optimizer");
    refused(TinyRun.SPEC.checkpoint(resume).schedule(s -> s.warmupSteps(1)), 4, "a", "schedule");
    assertThatThrownBy(() -> TinyRun.run(TinyRun.SPEC.checkpoint(c -> c.resumeFrom(temp.resolve("nowhere"))), 4,
        temp.resolve("x"), job -> job)).isInstanceOf(CheckpointException.class).hasMessageContaining("manifest.json");
    // Only the weights: nothing has to match, the position is kept unless the data starts anew.
    TrainResult some = TinyRun.run(TinyRun.SPEC.seed(9).checkpoint(resume).checkpoint(c -> c.resumeOnlyModel(true)), 5,
        temp.resolve("x"), job -> job);
    assertThat(some.steps()).isEqualTo(5);
  }

  private void refused(TrainSpec spec, int steps, String plan, String named) {
    assertThatThrownBy(() -> TinyRun.run(spec, steps, temp.resolve("x"), job -> job.identity(Map.of("plan", plan))))
        .isInstanceOf(CheckpointException.class).hasMessageContaining(named);
  }

  @Test
  void old_checkpoints_go_when_a_new_one_is_durable() {
    TrainResult result = TinyRun.run(saving(1).checkpoint(c -> c.totalLimit(2)), 5, temp.resolve("x"),
        job -> job.files(Map.of("args.json", "{}")));
    assertThat(new CheckpointStore(temp.resolve("out"), null).folders())
        .containsExactly(temp.resolve("out/checkpoint-4"), temp.resolve("out/checkpoint-5"));
    assertThat(result.checkpoint()).isEqualTo(temp.resolve("out/checkpoint-5"));
    assertThat(temp.resolve("out/checkpoint-5/args.json")).hasContent("{}");
    CheckpointStore.verify(temp.resolve("out/checkpoint-4"));
  }
}
