package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Agreement;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.BackendContract;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The cpu's kernels, each against the portable ones and against the composed operations; and what only they promise. */
class CpuContractTest implements BackendContract {
  @Override
  public Stream<Backend> backends() {
    return Agreement.all();
  }

  @Test
  void a_row_has_the_same_bits_in_batches_of_any_size_on_the_same_side_of_sixteen() {
    Agreement.all().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        Random random = new Random(3);
        Tensor x = Agreement.random(scope, random, 300, 700);
        for (DType type : new DType[] {DType.F32, DType.BF16}) {
          Tensor w = Agreement.random(backend, scope, random, type, 131, 700);
          Tensor all = rows(backend, scope, x, w, 0, 300);
          for (int from : new int[] {0, 13, 207, 224, 283}) {
            assertThat(rows(backend, scope, x, w, from, 17).toFloats()).as(backend.description() + " row " + from)
                .containsExactly(all.slice(from, 17).toFloats());
          }
          Tensor few = rows(backend, scope, x, w, 0, 16);
          for (int count = 1; count < 16; count++) {
            assertThat(rows(backend, scope, x, w, 16 - count, count).toFloats()).as(count + " rows")
                .containsExactly(few.slice(16 - count, count).toFloats());
          }
        }
      }
    });
  }

  @Test
  void one_row_has_the_bits_that_it_has_beside_others() {
    Agreement.all().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        Random random = new Random(4);
        for (int columns : new int[] {1, 7, 16, 17, 31, 32, 63, 1000, 4098}) {
          Tensor x = Agreement.random(scope, random, 5, columns);
          Tensor start = Agreement.random(scope, random, 5, 37);
          for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16}) {
            Tensor w = Agreement.random(backend, scope, random, type, 37, columns);
            for (float[] factors : new float[][] {{1, 0}, {0.7f, 1}, {1, 0.3f}}) {
              for (int count : new int[] {4, 5}) {
                Tensor all = scope.floats(Arrays.copyOf(start.toFloats(), count * 37), count, 37);
                backend.matmul(x.slice(0, count), false, w, true, all, factors[0], factors[1]);
                for (int i = 0; i < count; i++) {
                  Tensor alone = scope.floats(start.slice(i, 1).toFloats(), 1, 37);
                  backend.matmul(x.slice(i, 1), false, w, true, alone, factors[0], factors[1]);
                  assertThat(alone.toFloats()).as(backend.description() + ", " + type + ", " + columns)
                      .containsExactly(all.slice(i, 1).toFloats());
                }
              }
            }
          }
        }
      }
    });
  }

  private static Tensor rows(Backend backend, Scope scope, Tensor x, Tensor w, int from, int count) {
    Tensor y = scope.floats(count, w.dim(0));
    backend.matmul(x.slice(from, count), false, w, true, y, 1, 0);
    return y;
  }

  @Test
  void pages_that_do_not_exist_and_narrow_heads_of_eight_bits_are_refused() {
    AttentionSpec spec = new AttentionSpec(1, 1, 16, 16, 1, 0, 0);
    try (Backend backend = CpuBackend.portable(1); Scope scope = new Scope(backend)) {
      Tensor q = scope.floats(1, 16);
      Tensor k = scope.floats(32, 16);
      Segments wrong = new Segments(new int[] {0}, new int[] {1}, new int[] {0}, new int[] {20},
          new Segments.Pages(16, scope.ints(0, 2)));
      assertThatThrownBy(() -> backend.attention(q, k, k, spec, wrong, q, null)).hasMessageContaining("id 2");
      Segments beyond = new Segments(new int[] {0}, new int[] {1}, new int[] {0}, new int[] {33},
          new Segments.Pages(16, scope.ints(0, 1)));
      assertThatThrownBy(() -> backend.attention(q, k, k, spec, beyond, q, null)).hasMessageContaining("do not fit");
      Tensor narrow = scope.tensor(DType.Q8_BLOCK, 32, 16);
      assertThatThrownBy(() -> backend.attention(q, narrow, narrow, spec, Segments.packed(0, 1), q, null))
          .hasMessageContaining("multiple of 32");
      assertThatThrownBy(() -> new Segments.Pages(24, q)).hasMessageContaining("24");
    }
  }

  @ParameterizedTest
  @MethodSource("io.swiftjvm.backend.FusedContract#specs")
  void a_query_has_the_same_bits_in_chunks_of_any_length_on_the_same_side_of_sixteen(AttentionSpec spec) {
    Agreement.all().filter(CpuBackend.class::isInstance).forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        Random random = new Random(2);
        int n = 150;
        Tensor q = Agreement.random(scope, random, n, spec.heads() * spec.headDim());
        Tensor k = Agreement.random(scope, random, n, spec.kvHeads() * spec.headDim());
        Tensor v = Agreement.random(scope, random, n, spec.kvHeads() * spec.valueDim());
        Tensor all = scope.floats(n, spec.heads() * spec.valueDim());
        backend.attention(q, k, v, spec, Segments.packed(0, n), all, null);
        for (int row : new int[] {0, 1, 51, 52, 59, 60, 133}) {
          assertThat(cached(backend, scope, q, k, v, spec, row, 17)).as(backend.description() + " row " + row)
              .containsExactly(all.slice(row, 17).toFloats());
          float[] some = cached(backend, scope, q, k, v, spec, row, 16);
          assertThat(cached(backend, scope, q, k, v, spec, row, 1)).as(backend.description() + " row " + row)
              .containsExactly(Arrays.copyOf(some, spec.heads() * spec.valueDim()));
        }
      }
    });
  }

  private static float[] cached(
      Backend backend, Scope scope, Tensor q, Tensor k, Tensor v, AttentionSpec spec, int from, int count) {
    Tensor out = scope.floats(count, spec.heads() * spec.valueDim());
    Segments last = new Segments(new int[] {0}, new int[] {count}, new int[] {0}, new int[] {from + count});
    backend.attention(q.slice(from, count), k, v, spec, last, out, null);
    return out.toFloats();
  }
}
