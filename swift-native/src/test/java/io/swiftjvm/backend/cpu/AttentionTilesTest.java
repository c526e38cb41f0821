package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.swiftjvm.backend.Agreement;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.FusedContract;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention of many queries by tiles; where there are none, level 3 is level 2 and agrees with itself. */
class AttentionTilesTest {
  private static final int TILES = 3;

  @BeforeEach
  void there_is_a_library() {
    assumeTrue(NativeLibrary.found().symbols() != null);
  }

  @AfterEach
  void the_best_instruction_set_is_chosen_again() {
    NativeKernels.load();
  }

  static Stream<AttentionSpec> specs() {
    return Stream.of(
        new AttentionSpec(2, 1, 32, 32, 0.2f, 0, 0), new AttentionSpec(6, 2, 40, 72, 0.2f, 0, 0),
        new AttentionSpec(3, 1, 72, 40, 0.15f, 50, 0), new AttentionSpec(4, 4, 64, 64, 0.125f, 0, 5),
        new AttentionSpec(4, 2, 128, 128, 0.088f, 0, 0), new AttentionSpec(4, 2, 192, 128, 0.072f, 200, 30));
  }

  /** Results and log sums: of float32 weights as close as by sums in order, of others within what two parts leave. */
  @ParameterizedTest
  @MethodSource("specs")
  void results_by_tiles_are_as_close_to_those_in_double_precision_as_others(AttentionSpec spec) {
    for (int[] size : new int[][] {{17, 17}, {63, 190}, {33, 300}, {130, 130}}) {
      double[] plain = off(2, spec, size[0], size[1]);
      double[] tiles = off(TILES, spec, size[0], size[1]);
      double[] rounded = off(TILES, spec.weights(DType.BF16), size[0], size[1]);
      for (int i = 0; i < 2; i++) {
        assertThat(tiles[i]).as("%s, %d of %d", spec, size[0], size[1]).isLessThan(Math.max(plain[i] * 1.05, 3e-7));
        assertThat(rounded[i]).as("%s, %d of %d", spec, size[0], size[1]).isLessThan(0x1p-15);
      }
    }
  }

  /** The root mean square of what results and log sums are off, as a part of that of both. */
  private static double[] off(int level, AttentionSpec spec, int queries, int keys) {
    try (Backend b = new CpuBackend(2, NativeKernels.load(level)); Scope scope = new Scope(b)) {
      Random random = new Random(queries);
      Tensor q = Agreement.random(scope, random, 2f, queries, spec.heads() * spec.headDim());
      Tensor k = Agreement.random(scope, random, keys, spec.kvHeads() * spec.headDim());
      Tensor v = Agreement.random(scope, random, keys, spec.kvHeads() * spec.valueDim());
      Tensor out = scope.floats(queries, spec.heads() * spec.valueDim());
      Tensor lse = scope.floats(spec.heads(), queries);
      b.attention(q, k, v, spec, new Segments(new int[1], new int[] {queries}, new int[1], new int[] {keys}), out, lse);
      return off(spec, queries, keys, q.toFloats(), k.toFloats(), v.toFloats(), out.toFloats(), lse.toFloats());
    }
  }

  private static double[] off(
      AttentionSpec spec, int queries, int keys, float[] q, float[] k, float[] v, float[] out, float[] lse) {
    double[] squares = new double[2];
    double[] all = new double[2];
    for (int h = 0; h < spec.heads(); h++) {
      int kv = h / (spec.heads() / spec.kvHeads());
      for (int i = 0; i < queries; i++) {
        int position = keys - queries + i;
        double[] weights = new double[keys];
        double total = 0;
        for (int j = spec.window() > 0 ? Math.max(0, position - spec.window() + 1) : 0; j <= position; j++) {
          double score = 0;
          for (int d = 0; d < spec.headDim(); d++) {
            score += (double) q[(i * spec.heads() + h) * spec.headDim() + d]
                * k[(j * spec.kvHeads() + kv) * spec.headDim() + d];
          }
          score *= spec.scale();
          weights[j] = Math.exp(spec.softCap() > 0 ? spec.softCap() * Math.tanh(score / spec.softCap()) : score);
          total += weights[j];
        }
        for (int d = 0; d < spec.valueDim(); d++) {
          double sum = 0;
          for (int j = 0; j <= position; j++) {
            sum += weights[j] / total * v[(j * spec.kvHeads() + kv) * spec.valueDim() + d];
          }
          squares[0] += Math.pow(out[(i * spec.heads() + h) * spec.valueDim() + d] - sum, 2);
          all[0] += sum * sum;
        }
        squares[1] += Math.pow(lse[h * queries + i] - Math.log(total), 2);
        all[1] += Math.pow(Math.log(total), 2);
      }
    }
    return new double[] {Math.sqrt(squares[0] / all[0]), Math.sqrt(squares[1] / all[1])};
  }

  @ParameterizedTest
  @MethodSource("specs")
  void a_query_has_the_same_bits_in_every_chunk_of_more_than_sixteen_and_by_any_threads(AttentionSpec exact) {
    for (AttentionSpec spec : new AttentionSpec[] {exact, exact.weights(DType.Q8)}) {
      float[] all = chunk(1, spec, 0, 290);
      int columns = spec.heads() * spec.valueDim();
      for (int from : new int[] {0, 1, 47, 111, 127, 128, 249}) {
        float[] some = chunk(2, spec, from, 41);
        assertThat(some).as("%s from %d", spec, from)
            .isEqualTo(Arrays.copyOfRange(all, from * columns, (from + 41) * columns));
      }
    }
  }

  private static float[] chunk(int threads, AttentionSpec spec, int from, int count) {
    try (Backend b = new CpuBackend(threads, NativeKernels.load(TILES)); Scope scope = new Scope(b)) {
      Random random = new Random(4);
      Tensor q = Agreement.random(scope, random, 2f, 290, spec.heads() * spec.headDim());
      Tensor k = Agreement.random(scope, random, 290, spec.kvHeads() * spec.headDim());
      Tensor v = Agreement.random(scope, random, 290, spec.kvHeads() * spec.valueDim());
      Tensor out = scope.floats(count, spec.heads() * spec.valueDim());
      b.attention(q.slice(from, count), k, v, spec,
          new Segments(new int[1], new int[] {count}, new int[1], new int[] {from + count}), out, null);
      return out.toFloats();
    }
  }

  @Test
  void packed_rows_and_cached_ones_agree_beside_weights_that_are_rounded() {
    AttentionSpec spec = new AttentionSpec(3, 1, 72, 40, 0.15f, 50, 0, DType.BF16);
    Segments packed = Segments.packed(0, 1, 18, 40, 41, 186, 250);
    Segments cache = new Segments(
        new int[] {0, 1, 18}, new int[] {1, 17, 232}, new int[] {300, 0, 64}, new int[] {1, 64, 236});
    for (Segments segments : new Segments[] {packed, cache}) {
      Agreement.check(4e-5, 1, (b, scope, random) ->
          FusedContract.attention(b, scope, random, spec, segments, 250, 301));
    }
  }

  @Test
  void a_value_that_is_infinite_reaches_the_same_queries_by_any_threads() {
    // The last key, the first before a window, one between that queries in whole steps see and others not.
    for (int[] lost : new int[][] {{199, 200, 0}, {0, 200, 5}, {80, 205, 0}}) {
      int keys = lost[1];
      AttentionSpec spec = new AttentionSpec(8, 4, 32, 32, 0.2f, lost[2], 0);
      float[][] found = new float[2][];
      for (int threads = 1; threads <= 2; threads++) {
        try (Backend b = new CpuBackend(threads, NativeKernels.load(TILES)); Scope scope = new Scope(b)) {
          Random random = new Random(6);
          Tensor q = Agreement.random(scope, random, 200, 8 * 32);
          Tensor k = Agreement.random(scope, random, keys, 4 * 32);
          float[] v = new float[keys * 4 * 32];
          Arrays.fill(v, lost[0] * 4 * 32, (lost[0] + 1) * 4 * 32, Float.POSITIVE_INFINITY);
          Tensor out = scope.floats(200, 8 * 32);
          b.attention(q, k, scope.floats(v, keys, 4 * 32), spec,
              new Segments(new int[1], new int[] {200}, new int[1], new int[] {keys}), out, null);
          found[threads - 1] = out.toFloats();
        }
      }
      assertThat(found[1]).as("value %d of %d, window %d", lost[0], keys, lost[2]).isEqualTo(found[0]);
    }
  }

  /** Scores far apart and beyond what exp knows; a query that is no number leaves the others as they are. */
  @Test
  void extreme_scores_choose_one_value_and_a_lost_query_is_lost_alone() {
    AttentionSpec spec = new AttentionSpec(1, 1, 32, 32, 1, 0, 0);
    for (DType weights : new DType[] {DType.F32, DType.BF16}) {
      try (Backend b = new CpuBackend(1, NativeKernels.load(TILES)); Scope scope = new Scope(b)) {
        int n = 40;
        float[] q = new float[n * 32];
        float[] k = new float[n * 32];
        float[] v = new float[n * 32];
        for (int i = 0; i < n; i++) {
          q[i * 32] = i == 7 ? Float.NaN : 1e15f;
          k[i * 32] = i == 3 ? 1e15f : -1e15f;
          Arrays.fill(v, i * 32, i * 32 + 32, i);
        }
        Tensor out = scope.floats(n, 32);
        Tensor lse = scope.floats(1, n);
        b.attention(scope.floats(q, n, 32), scope.floats(k, n, 32), scope.floats(v, n, 32), spec.weights(weights),
            Segments.packed(0, n), out, lse);
        float[] found = out.toFloats();
        for (int i = 0; i < n; i++) {
          if (i == 7) {
            assertThat(found[i * 32]).isNaN();
          } else {
            assertThat(found[i * 32]).as("row " + i).isCloseTo(i < 3 ? i / 2f : 3, within(1e-5f));
          }
        }
      }
    }
  }
}
