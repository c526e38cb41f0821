package io.swiftjvm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.autograd.FusedLoss;
import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CausalLmCloseTest {
  @TempDir Path folder;

  private final CpuBackend backend = new CpuBackend(2);
  private CausalLm model;

  @BeforeEach
  void load() {
    TinyCheckpoint.of("qwen3").set("tie_word_embeddings", true).write(folder);
    model = CausalLm.load(folder, backend);
  }

  @AfterEach
  void close() {
    model.close();
    assertThat(backend.bytesInUse()).isZero();
    backend.close();
  }

  @Test
  void every_use_after_close_throws() {
    model.close();
    model.close();
    assertThatIllegalStateException().isThrownBy(() -> ModelRuns.logits(model, FlatRows.of(1, 2)))
        .withMessageContaining(folder.toString()).withMessageContaining("closed");
    assertThatIllegalStateException().isThrownBy(() -> model.parameters());
    assertThatIllegalStateException().isThrownBy(() -> model.linears());
    assertThatIllegalStateException().isThrownBy(() -> model.scope());
    assertThatIllegalStateException().isThrownBy(() -> model.trainFull());
    assertThat(model.config().layerCount()).isEqualTo(2);
  }

  @Test
  void a_part_that_cannot_be_closed_keeps_no_other_one_open() {
    Tensor mapped = model.parameters().getFirst().value();
    model.train(List.of(model.parameters().getLast()));
    model.scope().adopt(unclosable("first"));
    model.scope().floats(100);
    model.scope().adopt(unclosable("second"));
    model.apart(() -> model.scope().adopt(unclosable("apart")));
    assertThat(backend.bytesInUse()).isPositive();
    assertThatThrownBy(model::close).hasMessage("apart").satisfies(e -> {
      assertThat(e.getSuppressed()).extracting(Throwable::getMessage).containsExactly("second");
      assertThat(e.getSuppressed()[0].getSuppressed()).extracting(Throwable::getMessage).containsExactly("first");
    });
    assertThat(backend.bytesInUse()).isZero();
    assertThat(mapped.storage().isOpen()).isFalse();
  }

  private static Storage unclosable(String message) {
    return Storage.external(MemorySegment.NULL, () -> {
      throw new IllegalStateException(message);
    });
  }

  @Test
  void a_thread_in_the_middle_of_a_use_may_not_close() {
    try (CausalLm.Use _ = model.use()) {
      assertThatIllegalStateException().isThrownBy(() -> model.close()).withMessageContaining("middle");
    }
  }

  @Test
  void close_waits_for_a_use_in_another_thread() throws InterruptedException {
    CountDownLatch taken = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    Thread user = Thread.ofPlatform().start(() -> {
      try (CausalLm.Use _ = model.use()) {
        taken.countDown();
        done.await();
        model.parameters();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    });
    taken.await();
    Thread closer = Thread.ofPlatform().start(model::close);
    closer.join(50);
    assertThat(closer.isAlive()).isTrue();
    done.countDown();
    user.join();
    closer.join();
    assertThatIllegalStateException().isThrownBy(() -> model.scope());
  }

  @Test
  void passes_in_other_threads_end_or_throw_when_the_model_is_closed() throws InterruptedException {
    FlatRows rows = FlatRows.of(IntStream.range(0, 30).toArray());
    AtomicReference<Throwable> wrong = new AtomicReference<>();
    CountDownLatch running = new CountDownLatch(3);
    Thread[] threads = new Thread[3];
    for (int t = 0; t < threads.length; t++) {
      threads[t] = Thread.ofPlatform().start(() -> {
        try {
          for (int i = 0; ; i++) {
            ModelRuns.logits(model, rows);
            if (i == 0) {
              running.countDown();
            }
          }
        } catch (IllegalStateException expected) {
          running.countDown();
        } catch (RuntimeException | Error e) {
          wrong.set(e);
          running.countDown();
        }
      });
    }
    running.await();
    model.close();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(wrong.get()).isNull();
  }

  @Test
  void a_tape_keeps_the_weights_until_its_backward_pass_is_over() {
    backward(false);
  }

  @Test
  void a_recomputing_backward_pass_throws_when_the_model_is_closed() {
    assertThatThrownBy(() -> backward(true)).isInstanceOf(IllegalStateException.class);
  }

  private void backward(boolean checkpoint) {
    int[] ids = {3, 1, 4, 1, 5};
    try (Scope scope = new Scope(backend);
        Tape tape = new Tape(backend);
        Gradients gradients = new Gradients(backend);
        Scope adapter = new Scope(backend)) {
      Ops ops = new Ops(backend, tape, scope);
      Tensor extra = adapter.floats(new float[5 * 8], 5, 8).tracked();
      Pass pass = new Pass(ops, AttentionContext.packed(0, 5), List.of(), 0,
          checkpoint ? Recompute.FULL : Recompute.NONE);
      Tensor first = model.hidden(pass, scope.ints(ids), new int[] {0, 1, 2, 3, 4});
      // A gradient that flows back through a second pass would need the whole model; the head is enough here.
      Tensor hidden = checkpoint ? ops.checkpoint(ops.add(first, extra), (o, x) -> model.logits(pass.with(o), x))
          : ops.add(first, extra);
      if (checkpoint) {
        model.close();
        tape.backward(hidden, scope.floats(new float[5 * 32], 5, 32), gradients);
        return;
      }
      Tensor logits = model.logits(pass, hidden);
      model.close();
      tape.backward(logits, scope.floats(new float[5 * 32], 5, 32), gradients);
      assertThat(gradients.get(extra)).isNotNull();
    }
  }

  @Test
  void bad_arguments_of_a_pass_are_refused() {
    try (Scope scope = new Scope(backend)) {
      Pass pass = Pass.of(new Ops(backend, null, scope), AttentionContext.packed(0, 2));
      assertThatIllegalArgumentException().isThrownBy(
          () -> model.hidden(pass, scope.ints(1, 2), new int[] {0})).withMessageContaining("1 positions");
      assertThatIllegalArgumentException().isThrownBy(
          () -> model.hidden(pass, scope.ints(1, 2), new int[] {0, -1})).withMessageContaining("-1");
      assertThatIllegalArgumentException().isThrownBy(
          () -> model.hidden(pass, scope.ints(1, 32), new int[] {0, 1})).withMessageContaining("32");
      Tensor hidden = model.hidden(pass, scope.ints(1, 2), new int[] {0, 1});
      assertThatIllegalArgumentException().isThrownBy(() -> model.loss(pass, hidden, new int[1], null, 1));
      assertThatIllegalArgumentException().isThrownBy(() -> model.loss(pass, hidden, new int[] {40, -100}, null, 1));
      FusedLoss.Loss none = model.loss(pass, hidden, new int[] {-100, -100}, null, 1);
      assertThat(none.value()).isZero();
      assertThat(none.nll()).isEmpty();
    }
  }

  @Test
  void passes_leave_no_memory_behind() {
    FlatRows rows = FlatRows.of(1, 2, 3, 4, 5, 6);
    ModelRuns.learn(model, rows, new int[] {2, 3, 4, 5, 6, -100}, 5, Recompute.FULL);
    long used = backend.bytesInUse();
    for (int i = 0; i < 21; i++) {
      ModelRuns.logits(model, rows);
      ModelRuns.learn(model, rows, new int[] {2, 3, 4, 5, 6, -100}, 5, Recompute.values()[i % 3]);
    }
    assertThat(backend.bytesInUse()).isEqualTo(used);
  }
}
