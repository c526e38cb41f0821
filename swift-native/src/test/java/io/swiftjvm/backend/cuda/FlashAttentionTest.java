package io.swiftjvm.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Agreement;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Without;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention on tensor cores against what float32 makes of the same rounded operands. */
class FlashAttentionTest {
  /** Weights and gradients of scores are rounded to 8 bits once more, before their sums. */
  private static final double TOLERANCE = 4e-3;
  private static final Segments AWKWARD = Segments.packed(0, 1, 8, 24, 41, 104, 104, 240);

  @AfterEach
  void nothing_is_written_beside_memory() {
    FakeCuda.assertIntact();
  }

  static Stream<AttentionSpec> specs() {
    return Stream.of(
        new AttentionSpec(1, 1, 64, 64, 0.125f, 0, 0), new AttentionSpec(4, 2, 12, 12, 0.3f, 0, 0),
        new AttentionSpec(6, 2, 33, 20, 0.2f, 9, 0), new AttentionSpec(8, 1, 64, 64, 0.125f, 65, 3),
        new AttentionSpec(2, 1, 128, 80, 0.09f, 3, 0), new AttentionSpec(3, 3, 96, 128, 0.1f, 0, 5));
  }

  /** The same numbers, none of which bf16 changes. */
  private static Tensor input(Backend b, Scope scope, Random random, long... shape) {
    Tensor x = Agreement.random(scope, random, shape);
    Tensor narrow = scope.tensor(DType.BF16, shape);
    b.cast(x, narrow);
    b.cast(narrow, x);
    return x;
  }

  private static List<Tensor> run(
      Backend b, Scope scope, Random random, AttentionSpec spec, Segments segments, int nq, int nk, boolean gradients) {
    Tensor q = input(b, scope, random, nq, spec.heads() * spec.headDim());
    Tensor k = input(b, scope, random, nk, spec.kvHeads() * spec.headDim());
    Tensor v = input(b, scope, random, nk, spec.kvHeads() * spec.valueDim());
    Tensor dout = input(b, scope, random, nq, spec.heads() * spec.valueDim());
    Tensor out = scope.floats(dout.shape());
    Tensor lse = scope.floats(spec.heads(), nq);
    Tensor dq = scope.floats(q.shape());
    Tensor dk = scope.floats(k.shape());
    Tensor dv = scope.floats(v.shape());
    b.fill(lse, 0);
    b.attention(q, k, v, spec, segments, out, lse);
    if (!gradients) {
      return List.of(out, lse);
    }
    b.attentionBackward(q, k, v, spec, segments, out, lse, dout, dq, dk, dv);
    return List.of(out, lse, dq, dk, dv);
  }

  private static void compare(List<float[]> found, List<float[]> expected, double tolerance) {
    for (int r = 0; r < expected.size(); r++) {
      double scale = 1e-3;
      for (float e : expected.get(r)) {
        scale = Math.max(scale, Math.abs(e));
      }
      for (int i = 0; i < expected.get(r).length; i++) {
        assertThat((double) found.get(r)[i]).as("result %s [%s]", r, i)
            .isCloseTo(expected.get(r)[i], within(tolerance * scale));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("specs")
  void packed_rows_and_their_gradients_are_those_of_float32_but_for_the_rounding(AttentionSpec spec) {
    try (CudaBackend cuda = FakeCuda.open(); CpuBackend cpu = CpuBackend.portable(1)) {
      AttentionSpec rounded = spec.weights(DType.BF16);
      Agreement.Case what = (b, scope, random) -> run(b, scope, random, rounded, AWKWARD, 240, 240, true);
      List<float[]> found = Agreement.results(cuda, what);
      compare(found, Agreement.results(Without.fused(cpu), what), TOLERANCE);
      List<float[]> again = Agreement.results(cuda, what);
      List<float[]> twin = Agreement.results(cuda.exact(true), what);
      compare(found, twin, TOLERANCE);
      assertThat(found.getFirst()).isEqualTo(again.getFirst()).isNotEqualTo(twin.getFirst());
      assertThat(found.get(3)).isEqualTo(again.get(3)).isNotEqualTo(twin.get(3));
      assertThat(cuda.fallbacks().counts()).isEmpty();
    }
  }

  @Test
  void heads_of_256_have_their_forward_pass_on_tensor_cores_and_their_gradients_in_float32() {
    try (CudaBackend cuda = FakeCuda.open()) {
      AttentionSpec spec = new AttentionSpec(2, 1, 256, 192, 0.06f, 30, 0, DType.F16);
      Segments rows = Segments.packed(0, 17, 80);
      Agreement.Case what = (b, scope, random) -> run(b, scope, random, spec, rows, 80, 80, true);
      List<float[]> found = Agreement.results(cuda, what);
      assertThat(cuda.fallbacks().counts()).containsOnly(Map.entry(
          "attentionBackward by fp16: heads wider than 128 have no kernel on tensor cores, computed in float32", 1L));
      List<float[]> twin = Agreement.results(cuda.exact(true), what);
      compare(found, twin, 2 * TOLERANCE);
      assertThat(found.getFirst()).isNotEqualTo(twin.getFirst());
    }
  }

  @Test
  void rows_that_no_sequence_has_are_zero_and_long_keys_are_shared_among_blocks() {
    try (CudaBackend cuda = FakeCuda.open()) {
      AttentionSpec spec = new AttentionSpec(2, 2, 16, 16, 0.25f, 0, 0, DType.Q4);
      Segments some = new Segments(new int[] {3}, new int[] {40}, new int[] {1}, new int[] {55});
      Segments cache = new Segments(new int[] {0}, new int[] {48}, new int[] {10}, new int[] {1300});
      for (Agreement.Case what : List.<Agreement.Case>of(
          (b, scope, random) -> run(b, scope, random, spec, some, 50, 60, true),
          (b, scope, random) -> run(b, scope, random, spec, cache, 48, 1310, true))) {
        List<float[]> found = Agreement.results(cuda, what);
        List<float[]> twin = Agreement.results(cuda.exact(true), what);
        compare(found, twin, TOLERANCE);
        assertThat(found.getFirst()).isNotEqualTo(twin.getFirst());
        cuda.exact(false);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "Q8_BLOCK"})
  void keys_in_pages_give_the_bits_of_keys_in_a_row(DType type) {
    AttentionSpec spec = new AttentionSpec(6, 2, 32, 64, 0.2f, 50, 0, DType.BF16);
    Segments rows = new Segments(
        new int[] {0, 1, 1, 18}, new int[] {1, 0, 17, 60}, new int[] {0, 64, 64, 192}, new int[] {1, 0, 100, 77});
    int size = 16;
    int pages = 20;
    try (CudaBackend cuda = FakeCuda.open(); Scope scope = new Scope(cuda)) {
      Random random = new Random(5);
      List<Integer> order = new ArrayList<>(IntStream.range(0, pages).boxed().toList());
      Collections.shuffle(order, random);
      Tensor q = input(cuda, scope, random, 78, 6 * 32);
      Tensor k = stored(cuda, scope, type, input(cuda, scope, random, pages * size, 2 * 32));
      Tensor v = stored(cuda, scope, type, input(cuda, scope, random, pages * size, 2 * 64));
      Tensor k2 = scope.tensor(type, k.shape());
      Tensor v2 = scope.tensor(type, v.shape());
      for (int i = 0; i < pages; i++) {
        cuda.copy(k.slice((long) i * size, size), k2.slice((long) order.get(i) * size, size));
        cuda.copy(v.slice((long) i * size, size), v2.slice((long) order.get(i) * size, size));
      }
      Segments paged = new Segments(rows.qStart(), rows.qLength(),
          Arrays.stream(rows.kStart()).map(start -> start / size).toArray(), rows.kLength(),
          new Segments.Pages(size, scope.ints(order.stream().mapToInt(i -> i).toArray())));
      Tensor straight = scope.floats(78, 6 * 64);
      Tensor jumping = scope.floats(straight.shape());
      Tensor twin = scope.floats(straight.shape());
      cuda.attention(q, k, v, spec, rows, straight, null);
      cuda.attention(q, k2, v2, spec, paged, jumping, null);
      assertThat(jumping.toFloats()).containsExactly(straight.toFloats());
      cuda.exact(true).attention(q, k2, v2, spec, paged, twin, null);
      // Keys of eight bits with a scale are rounded to bf16 here, and not in the twin.
      compare(List.of(straight.toFloats()), List.of(twin.toFloats()), type == DType.F32 ? TOLERANCE : 4 * TOLERANCE);
      assertThat(straight.toFloats()).isNotEqualTo(twin.toFloats());
    }
  }

  private static Tensor stored(Backend b, Scope scope, DType type, Tensor x) {
    if (type == DType.F32) {
      return x;
    }
    Tensor narrow = scope.tensor(type, x.shape());
    b.quantize(x, narrow);
    return narrow;
  }

  @Test
  void pages_outside_of_the_cache_are_not_read_and_told_when_the_host_waits() {
    AttentionSpec spec = new AttentionSpec(2, 1, 16, 16, 0.25f, 0, 0, DType.BF16);
    try (CudaBackend cuda = FakeCuda.open(); Scope scope = new Scope(cuda)) {
      Tensor cache = scope.floats(64, 16);
      cuda.fill(cache, 1);
      Tensor q = scope.floats(40, 32);
      cuda.fill(q, 1);
      Segments segments = new Segments(new int[] {0}, new int[] {40}, new int[] {0}, new int[] {40},
          new Segments.Pages(16, scope.ints(1, 500_000_000, -7)));
      cuda.attention(q, cache, cache, spec, segments, scope.floats(40, 32), null);
      assertThatThrownBy(cuda::synchronize).isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("PAGES", "position 1");
    }
  }

  @Test
  void few_rows_and_float32_weights_and_exact_backends_stay_in_float32() {
    AttentionSpec spec = new AttentionSpec(2, 1, 16, 16, 0.25f, 0, 0, DType.BF16);
    Segments few = Segments.packed(0, 3, 6);
    Segments many = Segments.packed(0, 60);
    try (CudaBackend cuda = FakeCuda.open()) {
      Agreement.Case small = (b, scope, random) -> run(b, scope, random, spec, few, 6, 6, false);
      Agreement.Case wide = (b, scope, random) -> run(b, scope, random, spec.weights(DType.F32), many, 60, 60, true);
      List<float[]> shortFound = Agreement.results(cuda, small);
      List<float[]> wideFound = Agreement.results(cuda, wide);
      cuda.exact(true);
      assertThat(shortFound.getFirst()).isEqualTo(Agreement.results(cuda, small).getFirst());
      assertThat(wideFound.get(2)).isEqualTo(Agreement.results(cuda, wide).get(2));
    }
  }

  @Test
  void a_number_that_is_none_reaches_the_rows_that_see_it_and_no_others() {
    AttentionSpec spec = new AttentionSpec(1, 1, 16, 16, 0.25f, 0, 0, DType.BF16);
    try (CudaBackend cuda = FakeCuda.open(); Scope scope = new Scope(cuda)) {
      float[] keys = new float[80 * 16];
      keys[70 * 16] = Float.NaN;
      Tensor k = scope.floats(keys, 80, 16);
      Tensor q = scope.floats(80, 16);
      cuda.fill(q, 1);
      Tensor out = scope.floats(80, 16);
      cuda.attention(q, k, q, spec, Segments.packed(0, 80), out, null);
      float[] found = out.toFloats();
      for (int i = 0; i < found.length; i++) {
        assertThat(Float.isNaN(found[i])).as("element %s", i).isEqualTo(i >= 70 * 16);
      }
    }
  }
}
