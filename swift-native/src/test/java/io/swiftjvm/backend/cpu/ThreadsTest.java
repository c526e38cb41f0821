package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.Agreement;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class ThreadsTest {
  private static CpuBackend backend(int threads, boolean portable) {
    return new CpuBackend(threads, portable ? new JavaKernels("asked for") : NativeKernels.load());
  }

  @Test
  void every_operation_gives_the_same_bits_with_one_and_more_threads() {
    for (boolean portable : new boolean[] {false, true}) {
      List<float[]> expected;
      try (Backend one = backend(1, portable)) {
        expected = Agreement.results(one, ThreadsTest::everything);
      }
      for (int threads : portable ? new int[] {3} : new int[] {2, 5}) {
        try (Backend several = backend(threads, portable)) {
          List<float[]> found = Agreement.results(several, ThreadsTest::everything);
          for (int i = 0; i < expected.size(); i++) {
            assertThat(found.get(i)).as("result " + i + " with " + threads).isEqualTo(expected.get(i));
          }
        }
      }
    }
  }

  /** Sizes above the threshold at which work is shared. */
  private static List<Tensor> everything(Backend b, Scope scope, Random random) {
    List<Tensor> results = new ArrayList<>();
    Tensor x = Agreement.random(scope, random, 701, 517);
    Tensor y = Agreement.random(scope, random, 701, 517);
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      for (int n : new int[] {8, 301}) {
        Tensor w = Agreement.random(b, scope, random, type, n, 517);
        Tensor xw = scope.floats(701, n);
        b.matmul(x, false, w, true, xw, 1, 0);
        Tensor few = scope.floats(3, n);
        b.matmul(x.slice(0, 3), false, w, true, few, 1, 0);
        Tensor back = scope.floats(701, 517);
        b.matmul(xw, false, w, false, back, 1, 0);
        Tensor dw = Agreement.random(scope, random, n, 517);
        b.matmul(xw, true, x, false, dw, 0.5f, 1);
        results.addAll(List.of(xw, few, back, dw));
      }
    }
    Tensor z = scope.floats(701, 517);
    b.binary(Binary.ADD, x, y, z);
    results.add(Agreement.copy(b, scope, z));
    b.binary(Binary.MULTIPLY, x, Agreement.random(scope, random, 517), z);
    b.axpy(0.3f, y, z);
    b.gated(Unary.SILU, z, y, z);
    results.add(Agreement.copy(b, scope, z));
    Tensor dup = scope.floats(701, 517);
    b.gatedBackward(Unary.GELU_TANH, x, y, z, z, dup);
    b.unaryBackward(Unary.SILU, x, dup, dup);
    b.dropout(dup, 0.2f, 99, dup);
    results.addAll(List.of(z, dup));
    Tensor columns = Agreement.random(scope, random, 517);
    Tensor rows = scope.floats(701);
    b.sumRows(x, columns, 1);
    b.reduceColumns(Reduction.SUM, x, rows);
    Tensor soft = scope.floats(701, 517);
    b.softmax(x, soft);
    Tensor narrow = scope.tensor(DType.BF16, 701, 517);
    b.cast(x, narrow);
    Tensor wide = scope.floats(701, 517);
    b.cast(narrow, wide);
    Tensor normed = scope.floats(701, 517);
    Tensor rstd = scope.floats(701);
    b.rmsNorm(x, columns, 0, 1e-6f, normed, rstd);
    Tensor dx = scope.floats(701, 517);
    b.rmsNormBackward(x, columns, 0, rstd, y, dx, columns);
    results.addAll(List.of(columns, rows, soft, wide, normed, rstd, dx));
    Tensor labels = scope.ints(new Random(1).ints(701, -1, 517).toArray());
    Tensor nll = scope.floats(701);
    b.crossEntropy(soft, labels, nll, rstd);
    b.scatterAddRows(x, labels, y);
    Tensor sum = scope.floats(new float[] {(float) b.sumSquares(y)}, 1);
    b.adamW(x, y, Agreement.copy(b, scope, y), Agreement.copy(b, scope, soft),
        new AdamStep(0.01f, 0.9f, 0.99f, 1e-8f, 0.1f, 0.1, 0.01, 1));
    results.addAll(List.of(nll, sum, x));
    results.addAll(attention(b, scope, random));
    return results;
  }

  private static List<Tensor> attention(Backend b, Scope scope, Random random) {
    AttentionSpec spec = new AttentionSpec(4, 2, 40, 40, 0.2f, 100, 0);
    Segments segments = Segments.packed(0, 3, 150, 400);
    Tensor q = Agreement.random(scope, random, 400, 160);
    Tensor k = Agreement.random(scope, random, 400, 80);
    Tensor v = Agreement.random(scope, random, 400, 80);
    Tensor cos = Agreement.random(scope, random, 400, 20);
    b.rope(q.view(400, 4, 40), cos, cos, false, false, q.view(400, 4, 40));
    Tensor out = scope.floats(400, 160);
    Tensor lse = scope.floats(4, 400);
    Tensor dq = scope.floats(400, 160);
    Tensor dk = scope.floats(400, 80);
    Tensor dv = scope.floats(400, 80);
    b.attention(q, k, v, spec, segments, out, lse);
    b.attentionBackward(q, k, v, spec, segments, out, lse, q, dq, dk, dv);
    return List.of(out, lse, dq, dk, dv);
  }

  @Test
  void two_trainings_at_once_do_not_disturb_each_other() throws Exception {
    List<float[]> expected;
    try (Backend alone = backend(2, false)) {
      expected = Agreement.results(alone, ThreadsTest::everything);
    }
    try (ExecutorService executor = Executors.newFixedThreadPool(3); Backend shared = backend(2, false)) {
      List<Future<List<float[]>>> runs = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        boolean own = i % 2 == 0;
        runs.add(executor.submit(() -> {
          if (!own) {
            return Agreement.results(shared, ThreadsTest::everything);
          }
          try (Backend mine = backend(2, false)) {
            return Agreement.results(mine, ThreadsTest::everything);
          }
        }));
      }
      for (Future<List<float[]>> run : runs) {
        List<float[]> found = run.get(120, TimeUnit.SECONDS);
        for (int i = 0; i < expected.size(); i++) {
          assertThat(found.get(i)).as("result " + i).isEqualTo(expected.get(i));
        }
      }
    }
  }

  @Test
  void each_item_is_done_once_and_threads_end_when_idle() throws Exception {
    KernelPool pool = new KernelPool(50_000_000);
    for (int round = 0; round < 2000; round++) {
      AtomicIntegerArray seen = new AtomicIntegerArray(97);
      pool.run(4, 97, 5, (from, to) -> {
        for (long i = from; i < to; i++) {
          seen.incrementAndGet((int) i);
        }
      });
      for (int i = 0; i < 97; i++) {
        assertThat(seen.get(i)).isOne();
      }
    }
    assertThat(pool.threads()).isLessThanOrEqualTo(3);
    for (int wait = 0; wait < 200 && pool.threads() > 0; wait++) {
      Thread.sleep(20);
    }
    assertThat(pool.threads()).isZero();
    AtomicInteger again = new AtomicInteger();
    pool.run(2, 10, 1, (from, to) -> again.addAndGet((int) (to - from)));
    assertThat(again).hasValue(10);
  }

  @Test
  void a_failure_in_any_thread_reaches_the_caller() {
    KernelPool pool = new KernelPool(50_000_000);
    assertThatThrownBy(() -> pool.run(3, 50, 1, (from, to) -> {
      if (from == 31) {
        throw new IllegalStateException("thirty-one");
      }
    })).hasMessage("thirty-one");
  }
}
