package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CpuPoolTest {
  @Test
  void a_size_class_wastes_at_most_an_eighth_beyond_small_sizes() {
    for (long bytes = 0; bytes < 5_000_000; bytes += 1 + bytes / 50) {
      long size = CpuPool.sizeClass(bytes);
      assertThat(size).isGreaterThanOrEqualTo(Math.max(64, bytes)).isLessThanOrEqualTo(bytes + bytes / 8 + 64);
      assertThat(size % 64).isZero();
      assertThat(CpuPool.sizeClass(size)).isEqualTo(size);
    }
  }

  @Test
  void memory_is_aligned_and_counted() {
    try (CpuPool pool = new CpuPool()) {
      List<Storage> held = new ArrayList<>();
      for (long bytes : new long[] {0, 1, 63, 64, 65, 1000, 70_000, 3_000_000}) {
        Storage storage = pool.allocate(bytes);
        held.add(storage);
        assertThat(storage.bytes()).isEqualTo(bytes);
        assertThat(storage.host().address() % 64).isZero();
      }
      long used = pool.statistics().used();
      assertThat(used).isGreaterThanOrEqualTo(3_071_193);
      held.forEach(Storage::release);
      assertThat(pool.statistics().used()).isZero();
      assertThat(pool.statistics().peak()).isEqualTo(used);
      pool.trim();
      assertThat(pool.statistics().reserved()).isLessThanOrEqualTo(1 << 20);
    }
  }

  @Test
  void ten_thousand_rounds_of_the_same_step_reserve_no_more_than_the_first() {
    try (CpuBackend backend = new CpuBackend(1)) {
      step(backend, new Random(1));
      long reserved = backend.reservedBytes();
      for (int round = 0; round < 10_000; round++) {
        step(backend, new Random(1));
      }
      assertThat(backend.reservedBytes()).isEqualTo(reserved);
      assertThat(backend.bytesInUse()).isZero();
    }
  }

  @Test
  void changing_sizes_stay_within_a_quarter_above_the_peak() {
    try (CpuBackend backend = new CpuBackend(1)) {
      Random random = new Random(4);
      for (int round = 0; round < 50; round++) {
        try (Scope scope = new Scope(backend)) {
          for (int i = 0; i < 5; i++) {
            scope.floats(random.nextInt(10_000_000));
          }
        }
      }
      assertThat(backend.reservedBytes()).isLessThan(backend.peakBytes() / 4 * 5 + (66L << 20));
    }
  }

  private static void step(CpuBackend backend, Random random) {
    try (Scope scope = new Scope(backend)) {
      for (int i = 0; i < 8; i++) {
        scope.floats(random.nextInt(60_000));
        try (Scope inner = scope.child()) {
          inner.keep(inner.floats(100));
          inner.floats(1 + random.nextInt(300_000));
        }
      }
    }
  }

  @Test
  void live_blocks_do_not_overlap() {
    try (CpuBackend backend = new CpuBackend(1); Scope scope = new Scope(backend)) {
      List<Tensor> tensors = new ArrayList<>();
      Random random = new Random(9);
      for (int i = 0; i < 400; i++) {
        Tensor t = scope.floats(1 + random.nextInt(i % 10 == 0 ? 50_000 : 500));
        backend.fill(t, i);
        tensors.add(t);
      }
      for (int i = 0; i < tensors.size(); i++) {
        assertThat(tensors.get(i).toFloats()).containsOnly(i);
      }
    }
  }

  @Test
  void use_after_close_is_refused() {
    CpuBackend backend = new CpuBackend(1);
    Scope scope = new Scope(backend);
    Tensor small = scope.floats(3);
    Tensor large = scope.floats(300_000);
    small.segment();
    backend.close();
    backend.close();
    assertThatThrownBy(() -> backend.fill(small, 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> backend.fill(large, 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> backend.sumSquares(large)).isInstanceOf(IllegalStateException.class);
    assertThatIllegalStateException().isThrownBy(() -> backend.allocate(8)).withMessageContaining("closed");
    scope.close();
  }

  @Test
  void a_tensor_of_a_closed_scope_is_refused_by_every_kernel() {
    try (CpuBackend backend = new CpuBackend(1)) {
      Scope scope = new Scope(backend);
      Tensor x = scope.floats(4, 4);
      scope.close();
      assertThatIllegalStateException().isThrownBy(() -> backend.matmul(x, false, x, true, x, 1, 0));
      assertThatIllegalStateException().isThrownBy(() -> backend.softmax(x, x));
    }
  }
}
