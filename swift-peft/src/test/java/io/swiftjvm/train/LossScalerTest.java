package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.TrainingException;
import io.swiftjvm.train.checkpoint.TrainerState;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LossScalerTest {
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final TrainSpec SCALED = TinyRun.SPEC.lossScaling(true);

  @TempDir
  Path temp;

  /** What torch 2.13's {@code torch.amp.GradScaler('cpu')} had after the steps where its scale changed. */
  @Test
  void the_scale_follows_that_of_torch() {
    Set<Integer> infinite = Set.of(0, 1, 5, 1999, 2000, 4500, 4501, 9000);
    TreeMap<Integer, Float> changes = new TreeMap<>();
    LossScaler scaler = new LossScaler(true);
    float last = scaler.scale();
    assertThat(last).isEqualTo(65536);
    for (int step = 0; step < 13000; step++) {
      if (infinite.contains(step)) {
        assertThat(scaler.overflowed()).isTrue();
      } else {
        scaler.stepped();
      }
      if (scaler.scale() != last) {
        last = scaler.scale();
        changes.put(step, last);
      }
    }
    assertThat(changes).isEqualTo(new TreeMap<>(Map.ofEntries(
        Map.entry(0, 32768f), Map.entry(1, 16384f), Map.entry(5, 8192f),
        Map.entry(1999, 4096f), Map.entry(2000, 2048f), Map.entry(4000, 4096f),
        Map.entry(4500, 2048f), Map.entry(4501, 1024f), Map.entry(6501, 2048f),
        Map.entry(8501, 4096f), Map.entry(9000, 2048f), Map.entry(11000, 4096f))));
    assertThat(scaler.good()).isEqualTo(1999);
  }

  @Test
  void a_scaled_training_has_the_bits_of_a_plain_one_and_saves_its_scale() {
    TinyRun.run(TinyRun.SPEC, 4, temp.resolve("plain"), job -> job);
    TinyRun.run(SCALED.checkpoint(c -> c.outputDir(temp.resolve("out")).saveSteps(2)), 4, temp.resolve("scaled"), job -> job);
    assertThat(temp.resolve("scaled").resolve(WEIGHTS)).hasSameBinaryContentAs(temp.resolve("plain").resolve(WEIGHTS));
    TrainerState state = TrainerState.read(temp.resolve("out/checkpoint-4"));
    assertThat(state.lossScale()).isEqualTo(65536);
    assertThat(state.goodSteps()).isEqualTo(4);
  }

  /** A device whose norm of the gradients is infinite in these steps. */
  private static Backend overflowing(Backend backend, Set<Integer> calls) {
    int[] call = new int[1];
    return (Backend) Proxy.newProxyInstance(Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (p, method, args) -> {
      if (method.getName().equals("sumSquares") && calls.contains(call[0]++)) {
        return Double.POSITIVE_INFINITY;
      }
      try {
        return method.invoke(backend, args);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    });
  }

  @Test
  void a_step_whose_gradients_overflow_is_skipped_halves_the_scale_and_a_continued_training_knows_it() {
    List<String> dropped = new ArrayList<>();
    TrainSpec saving = SCALED.checkpoint(c -> c.outputDir(temp.resolve("out")).saveSteps(2));
    TrainResult result = TinyRun.run(overflowing(Devices.cpu(), Set.of(0)), saving, 3, temp.resolve("run"),
        job -> job.listener(event -> {
          if (event instanceof TrainEvent.Dropped d) {
            dropped.add(d.step() + " " + d.reason());
          }
        }));
    assertThat(result.dropped()).isEqualTo(1);
    assertThat(dropped).containsExactly("1 gradients overflowed, the loss scale is 32768.0 now");
    TrainerState state = TrainerState.read(temp.resolve("out/checkpoint-2"));
    assertThat(state.lossScale()).isEqualTo(32768);
    assertThat(state.goodSteps()).isEqualTo(1);
    TinyRun.run(saving.checkpoint(c -> c.resumeFrom(temp.resolve("out/checkpoint-2"))), 3, temp.resolve("rest"), job -> job);
    assertThat(TrainerState.read(temp.resolve("out/checkpoint-3"))).satisfies(end -> {
      assertThat(end.lossScale()).isEqualTo(32768);
      assertThat(end.goodSteps()).isEqualTo(2);
    });
    assertThat(temp.resolve("rest").resolve(WEIGHTS)).hasSameBinaryContentAs(temp.resolve("run").resolve(WEIGHTS));
  }

  @Test
  void gradients_that_no_scale_makes_finite_stop_the_training() {
    LossScaler scaler = new LossScaler(true);
    for (int i = 0; i < 16; i++) {
      assertThat(scaler.overflowed()).isTrue();
    }
    assertThat(scaler.scale()).isEqualTo(1);
    assertThat(scaler.overflowed()).isFalse();
    Set<Integer> all = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      all.add(i);
    }
    assertThatThrownBy(() -> TinyRun.run(overflowing(Devices.cpu(), all), SCALED, 20, temp.resolve("run"), job -> job))
        .isInstanceOf(TrainingException.class).hasMessageContainingAll("Step 17", "not finite");
  }
}
