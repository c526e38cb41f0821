package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Recorder;
import io.swiftjvm.backend.Replay;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Recorded passes as native commands; that they give the right numbers is in the contract of all backends. */
@Timeout(60)
class CpuReplayTest {
  private static final AttentionSpec SPEC = new AttentionSpec(16, 8, 64, 64, 0.1f, 0, 0);

  /** A layer that is wide enough to be shared by threads. */
  private static final class Layer {
    final Tensor table;
    final Tensor weight;
    final Tensor codes;
    final Tensor ids;
    final Tensor rows;
    final Tensor keys;
    final Tensor pages;

    Layer(CpuBackend backend, Scope scope) {
      table = random(scope, 7, 40, 1024);
      weight = random(scope, 8, 1024, 1024);
      codes = scope.tensor(DType.Q4, 2048, 1024);
      backend.quantize(random(scope, 9, 2048, 1024), codes);
      ids = scope.ints(3);
      rows = scope.ints(0);
      keys = random(scope, 10, 1024, 512);
      pages = scope.tensor(DType.I32, 64);
    }

    private static Tensor random(Scope scope, int seed, long... shape) {
      long n = 1;
      for (long d : shape) {
        n *= d;
      }
      float[] values = new float[Math.toIntExact(n)];
      Random random = new Random(seed);
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian() * 0.1f;
      }
      return scope.floats(values, shape);
    }

    Segments at(int length, int token) {
      int[] order = new int[64];
      for (int i = 0; i < 64; i++) {
        order[i] = i * 37 % 64;
      }
      pages.write(MemorySegment.ofArray(order), 0);
      ids.write(MemorySegment.ofArray(new int[] {token}), 0);
      rows.write(MemorySegment.ofArray(new int[] {order[(length - 1) / 16] * 16 + (length - 1) % 16}), 0);
      return new Segments(new int[] {0}, new int[] {1}, new int[] {0}, new int[] {length}, new Segments.Pages(16, pages));
    }

    Tensor forward(io.swiftjvm.backend.Backend backend, Scope scope, Segments segments) {
      Tensor x = scope.floats(1, 1024);
      backend.gatherRows(table, ids, x);
      Tensor y = scope.floats(1, 1024);
      backend.linear(x, weight, null, y);
      Tensor k = scope.floats(1, 512);
      backend.sliceColumns(y, 100, k);
      backend.scatterRows(k, rows, keys);
      Tensor z = scope.floats(1, 1024);
      backend.attention(y, keys, keys, SPEC, segments, z, null);
      backend.binary(Binary.ADD, z, x, z);
      Tensor wide = scope.floats(1, 2048);
      backend.linear(z, codes, null, wide);
      backend.gated(Unary.SILU, wide, wide, wide);
      Tensor out = scope.floats(1, 2048);
      backend.softmax(wide, out);
      return out;
    }
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  @Test
  void threads_that_help_change_no_bit_and_neither_do_those_that_come_late() {
    float[][] expected = new float[60][];
    for (int threads : new int[] {1, 2, 5}) {
      try (CpuBackend backend = new CpuBackend(threads, NativeKernels.load()); Scope scope = new Scope(backend)) {
        Layer layer = new Layer(backend, scope);
        Segments first = layer.at(300, 1);
        try (Recorder recorder = new Recorder(backend, first); Scope room = new Scope(recorder)) {
          Tensor out = layer.forward(recorder, room, first);
          try (Replay replay = recorder.replay()) {
            for (int i = 0; i < expected.length; i++) {
              replay.run(layer.at(301 + 10 * i, i % 40));
              float[] found = out.toFloats();
              expected[i] = threads == 1 ? found : expected[i];
              assertThat(found).as(threads + " threads, step " + i).containsExactly(expected[i]);
            }
          }
        }
      }
    }
  }

  @Test
  void a_step_that_is_done_again_takes_nothing_of_the_java_heap() {
    for (int threads : new int[] {1, 2}) {
      try (CpuBackend backend = new CpuBackend(threads, NativeKernels.load()); Scope scope = new Scope(backend)) {
        Layer layer = new Layer(backend, scope);
        Segments first = layer.at(300, 1);
        try (Recorder recorder = new Recorder(backend, first); Scope room = new Scope(recorder)) {
          layer.forward(recorder, room, first);
          try (Replay replay = recorder.replay()) {
            Segments next = layer.at(301, 2);
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 40; round++) {
              long before = allocated();
              for (int i = 0; i < 50; i++) {
                replay.run(next);
              }
              least = Math.min(least, (allocated() - before) / 50);
            }
            // with helpers there is one job for the whole pass
            assertThat(least).as(threads + " threads").isLessThan(threads == 1 ? 64 : 512);
          }
        }
      }
    }
  }

  @Test
  void numbers_that_say_where_memory_is_are_looked_at_every_time() {
    try (CpuBackend backend = new CpuBackend(1); Scope scope = new Scope(backend)) {
      Layer layer = new Layer(backend, scope);
      Segments first = layer.at(30, 1);
      try (Recorder recorder = new Recorder(backend, first); Scope room = new Scope(recorder)) {
        layer.forward(recorder, room, first);
        try (Replay replay = recorder.replay()) {
          replay.run(layer.at(31, 2));
          assertThatThrownBy(() -> replay.run(layer.at(32, 40))).hasMessageContaining("id 40");
          Segments bad = layer.at(32, 4);
          layer.pages.write(MemorySegment.ofArray(new int[] {64}), 4);
          assertThatThrownBy(() -> replay.run(bad)).hasMessageContaining("id 64");
          assertThatThrownBy(() -> replay.run(new Segments(new int[] {0}, new int[] {1}, new int[] {63}, new int[] {40},
              new Segments.Pages(16, layer.pages)))).isInstanceOf(IllegalArgumentException.class);
          replay.run(layer.at(32, 39));
        }
      }
    }
  }

  @Test
  void memory_that_was_given_back_is_not_touched() {
    try (CpuBackend backend = new CpuBackend(1); Scope scope = new Scope(backend)) {
      Scope gone = new Scope(backend);
      Tensor x = gone.floats(new float[] {1, 2, 3}, 3);
      Tensor y = scope.floats(3);
      try (Recorder recorder = new Recorder(backend, Segments.packed(0))) {
        recorder.scale(x, 2, y);
        try (Replay replay = recorder.replay()) {
          replay.run(Segments.packed(0));
          assertThat(y.toFloats()).containsExactly(2, 4, 6);
          gone.close();
          assertThatThrownBy(() -> replay.run(Segments.packed(0))).isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("closed");
          assertThat(y.storage().references()).isOne();
        }
      }
    }
  }

  @Test
  void what_has_no_command_runs_one_by_one() {
    try (CpuBackend backend = new CpuBackend(1); Scope scope = new Scope(backend)) {
      Tensor x = scope.floats(new float[] {1, 2}, 2, 1);
      Tensor table = scope.floats(new float[] {0, 0}, 2, 1);
      Tensor ids = scope.ints(1, 1);
      try (Recorder recorder = new Recorder(backend, Segments.packed(0))) {
        recorder.scatterAddRows(x, ids, table);
        try (Replay replay = recorder.replay()) {
          replay.run(Segments.packed(0));
          assertThat(table.toFloats()).containsExactly(0, 6);
        }
      }
    }
  }

  @Test
  void ids_that_the_pass_makes_itself_are_looked_at_where_they_are_read() {
    try (CpuBackend backend = new CpuBackend(1); Scope scope = new Scope(backend)) {
      Tensor scores = scope.floats(new float[] {0, 1, 0}, 1, 3);
      Tensor best = scope.ints(0);
      Tensor table = scope.floats(new float[] {5, 6}, 2, 1);
      Tensor out = scope.floats(1, 1);
      try (Recorder recorder = new Recorder(backend, Segments.packed(0))) {
        recorder.argmax(scores, best);
        recorder.gatherRows(table, best, out);
        try (Replay replay = recorder.replay()) {
          replay.run(Segments.packed(0));
          assertThat(out.toFloats()).containsExactly(6);
          scores.write(MemorySegment.ofArray(new float[] {0, 0, 1}), 0);
          assertThatThrownBy(() -> replay.run(Segments.packed(0))).hasMessageContaining("id 2");
        }
      }
    }
  }

  @Test
  void pages_that_the_pass_makes_itself_are_looked_at_where_they_are_read() {
    try (CpuBackend backend = new CpuBackend(1); Scope scope = new Scope(backend)) {
      Layer layer = new Layer(backend, scope);
      Segments segments = layer.at(30, 1);
      Tensor next = scope.tensor(DType.I32, 64);
      next.write(MemorySegment.ofArray(new int[64]), 0);
      Tensor q = scope.floats(new float[1024], 1, 1024);
      Tensor out = scope.floats(1, 1024);
      try (Recorder recorder = new Recorder(backend, segments)) {
        recorder.copy(next, layer.pages);
        recorder.attention(q, layer.keys, layer.keys, SPEC, segments, out, null);
        try (Replay replay = recorder.replay()) {
          replay.run(segments);
          next.write(MemorySegment.ofArray(new int[] {64}), 0);
          assertThatThrownBy(() -> replay.run(segments)).hasMessageContaining("id 64");
        }
      }
    }
  }
}
