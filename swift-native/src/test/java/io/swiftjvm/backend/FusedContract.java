package io.swiftjvm.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fused operations of a backend against the reference. */
public interface FusedContract extends Contract {
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 15, 16, 17, 33, 63, 65, 207, 1000})
  default void rms_norm_and_its_gradients_agree(int n) {
    for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16}) {
      check(3e-6, n == 1 ? 10 : 0, (backend, scope, random) -> {
        Tensor x = Agreement.random(scope, random, 71, n);
        Tensor w = Agreement.random(backend, scope, random, type, n);
        Tensor dy = Agreement.random(scope, random, 71, n);
        Tensor y = scope.floats(71, n);
        Tensor rstd = scope.floats(71);
        Tensor dx = scope.floats(71, n);
        Tensor dw = Agreement.random(scope, random, n);
        backend.rmsNorm(x, w, 1, 1e-6f, y, rstd);
        backend.rmsNormBackward(x, w, 1, rstd, dy, dx, dw);
        Tensor plain = scope.floats(71, n);
        backend.rmsNorm(x, w, 0, 1e-6f, plain, null);
        return List.of(y, rstd, dx, dw, plain);
      });
    }
  }

  @ParameterizedTest
  @CsvSource({"1,2,1", "3,8,4", "5,12,4", "2,64,32", "3,34,17", "2,128,64"})
  default void rope_agrees_and_its_inverse_undoes_it(int heads, int dim, int half) {
    for (boolean interleaved : new boolean[] {false, true}) {
      check(1e-6, (backend, scope, random) -> {
        Tensor x = Agreement.random(scope, random, 9, heads, dim);
        float[] cosines = new float[9 * half];
        float[] sines = new float[9 * half];
        for (int i = 0; i < 9 * half; i++) {
          cosines[i] = (float) Math.cos(i);
          sines[i] = (float) Math.sin(i);
        }
        Tensor cos = scope.floats(cosines, 9, half);
        Tensor sin = scope.floats(sines, 9, half);
        Tensor y = scope.floats(9, heads, dim);
        backend.rope(x, cos, sin, interleaved, false, y);
        Tensor back = Agreement.copy(backend, scope, y);
        backend.rope(back, cos, sin, interleaved, true, back);
        assertThat(back.toFloats()).containsExactly(x.toFloats(), within(2e-6f));
        return List.of(y, back);
      });
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 16, 33, 207, 3000})
  default void cross_entropy_agrees_and_its_gradient_sums_to_nothing(int vocabulary) {
    check(1e-6, (backend, scope, random) -> {
      Tensor logits = Agreement.random(scope, random, 4f, 5, vocabulary);
      Tensor labels = scope.ints(0, vocabulary - 1, -100, vocabulary / 2, 0);
      Tensor nll = scope.floats(5);
      backend.crossEntropy(logits, labels, nll, null);
      Tensor again = scope.floats(5);
      Tensor scale = scope.floats(new float[] {1, 0.5f, 1, 2, 1}, 5);
      backend.crossEntropy(logits, labels, again, scale);
      assertThat(again.toFloats()).containsExactly(nll.toFloats());
      assertThat(nll.get(2)).isZero();
      Tensor sums = scope.floats(5);
      backend.reduceColumns(Reduction.SUM, logits, sums);
      for (float sum : sums.toFloats()) {
        assertThat(sum).isCloseTo(0, within(2e-6f * (float) slack()));
      }
      return List.of(nll, logits);
    });
  }

  @Test
  default void a_loss_of_many_equal_logits_is_exact() {
    backends().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        Tensor logits = scope.floats(1, 151_936);
        backend.fill(logits, 3);
        Tensor nll = scope.floats(1);
        backend.crossEntropy(logits, scope.ints(17), nll, null);
        assertThat((double) nll.get(0)).isCloseTo(Math.log(151_936), within(2e-6));
      }
    });
  }

  static Stream<AttentionSpec> specs() {
    return Stream.of(
        new AttentionSpec(1, 1, 1, 1, 1, 0, 0), new AttentionSpec(4, 2, 12, 12, 0.3f, 0, 0),
        new AttentionSpec(6, 2, 16, 16, 0.25f, 9, 0), new AttentionSpec(2, 1, 33, 33, 0.2f, 0, 3),
        new AttentionSpec(3, 3, 24, 16, 0.2f, 70, 2), new AttentionSpec(2, 2, 64, 64, 0.125f, 0, 0),
        new AttentionSpec(2, 1, 128, 128, 0.09f, 1, 0));
  }

  @ParameterizedTest
  @MethodSource("io.swiftjvm.backend.FusedContract#specs")
  default void attention_of_packed_rows_and_its_gradients_agree(AttentionSpec spec) {
    Segments segments = Segments.packed(0, 1, 8, 24, 41, 106, 106, 250);
    check(4e-6, 1, (backend, scope, random) -> attention(backend, scope, random, spec, segments, 250, 250));
  }

  static List<Tensor> attention(
      Backend backend, Scope scope, Random random, AttentionSpec spec, Segments segments, int nq, int nk) {
    Tensor q = Agreement.random(scope, random, nq, spec.heads() * spec.headDim());
    Tensor k = Agreement.random(scope, random, nk, spec.kvHeads() * spec.headDim());
    Tensor v = Agreement.random(scope, random, nk, spec.kvHeads() * spec.valueDim());
    Tensor dout = Agreement.random(scope, random, nq, spec.heads() * spec.valueDim());
    Tensor out = scope.floats(dout.shape());
    Tensor plain = scope.floats(dout.shape());
    Tensor lse = scope.floats(spec.heads(), nq);
    Tensor dq = scope.floats(q.shape());
    Tensor dk = scope.floats(k.shape());
    Tensor dv = scope.floats(v.shape());
    backend.fill(lse, 0);
    backend.attention(q, k, v, spec, segments, out, lse);
    backend.attention(q, k, v, spec, segments, plain, null);
    assertThat(plain.toFloats()).containsExactly(out.toFloats());
    backend.attentionBackward(q, k, v, spec, segments, out, lse, dout, dq, dk, dv);
    return List.of(out, lse, dq, dk, dv);
  }

  @ParameterizedTest
  @MethodSource("io.swiftjvm.backend.FusedContract#specs")
  default void attention_over_a_cache_agrees(AttentionSpec spec) {
    Segments cache = new Segments(
        new int[] {0, 1, 2}, new int[] {1, 1, 60}, new int[] {300, 0, 64}, new int[] {1, 64, 207});
    check(4e-6, 1, (backend, scope, random) -> {
      return attention(backend, scope, random, spec, cache, 62, 301);
    });
  }

  @ParameterizedTest
  @MethodSource("io.swiftjvm.backend.FusedContract#specs")
  default void keys_in_pages_give_the_bits_of_keys_in_a_row(AttentionSpec spec) {
    Segments rows = new Segments(
        new int[] {0, 1, 2, 17}, new int[] {1, 1, 15, 60}, new int[] {0, 64, 128, 384}, new int[] {1, 50, 207, 77});
    for (int size : new int[] {4, 16, 64}) {
      check(4e-6, 1, (backend, scope, random) -> {
        int pages = 512 / size;
        List<Integer> order = new ArrayList<>(IntStream.range(0, pages).boxed().toList());
        Collections.shuffle(order.subList(0, pages / 2), random);
        Tensor q = Agreement.random(scope, random, 77, spec.heads() * spec.headDim());
        Tensor k = Agreement.random(scope, random, pages * size, spec.kvHeads() * spec.headDim());
        Tensor v = Agreement.random(scope, random, pages * size, spec.kvHeads() * spec.valueDim());
        Tensor out = scope.floats(77, spec.heads() * spec.valueDim());
        Tensor paged = scope.floats(out.shape());
        backend.attention(q, k, v, spec, rows, out, null);
        Tensor k2 = scope.floats(k.shape());
        Tensor v2 = scope.floats(v.shape());
        for (int i = 0; i < pages; i++) {
          backend.copy(k.slice((long) i * size, size), k2.slice((long) order.get(i) * size, size));
          backend.copy(v.slice((long) i * size, size), v2.slice((long) order.get(i) * size, size));
        }
        Tensor table = scope.ints(order.stream().mapToInt(i -> i).toArray());
        int[] starts = Arrays.stream(rows.kStart()).map(start -> start / size).toArray();
        backend.attention(q, k2, v2, spec, new Segments(rows.qStart(), rows.qLength(), starts, rows.kLength(),
            new Segments.Pages(size, table)), paged, null);
        assertThat(paged.toFloats()).containsExactly(out.toFloats());
        return List.of(out);
      });
    }
  }

  @Test
  default void keys_of_eight_bits_give_what_their_widened_values_give() {
    AttentionSpec spec = new AttentionSpec(4, 2, 64, 32, 0.125f, 0, 0);
    Segments rows = new Segments(new int[] {0, 1}, new int[] {1, 60}, new int[] {0, 64}, new int[] {50, 136});
    check(4e-6, 1, (backend, scope, random) -> {
      Tensor q = Agreement.random(scope, random, 61, 4 * 64);
      Tensor k = scope.tensor(DType.Q8_BLOCK, 200, 2 * 64);
      Tensor v = scope.tensor(DType.Q8_BLOCK, 200, 2 * 32);
      backend.quantize(Agreement.random(scope, random, 200, 2 * 64), k);
      backend.quantize(Agreement.random(scope, random, 200, 2 * 32), v);
      Tensor wideK = scope.floats(k.shape());
      Tensor wideV = scope.floats(v.shape());
      backend.cast(k, wideK);
      backend.cast(v, wideV);
      Tensor out = scope.floats(61, 4 * 32);
      Tensor wide = scope.floats(out.shape());
      backend.attention(q, k, v, spec, rows, out, null);
      backend.attention(q, wideK, wideV, spec, rows, wide, null);
      assertThat(out.toFloats()).containsExactly(wide.toFloats());
      return List.of(out);
    });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 31, 33, 1000, 5000})
  default void the_place_of_the_greatest_element_is_the_first_of_equals_and_none_beside_a_nan(int n) {
    backends().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        float[] values = new float[9 * n];
        Random random = new Random(n);
        for (int i = 0; i < values.length; i++) {
          values[i] = random.nextInt(40) - 50;
        }
        int[] expected = new int[9];
        Arrays.fill(values, n, 2 * n, Float.NEGATIVE_INFINITY);
        values[2 * n + n / 2] = Float.POSITIVE_INFINITY;
        values[3 * n + n - 1] = Float.NaN;
        values[4 * n + n / 3] = -0f;
        values[4 * n + n - 1] = n == 1 ? -0f : 0f;
        Arrays.fill(values, 5 * n, 6 * n, -7);
        values[6 * n + n - 1] = 3e38f;
        Arrays.fill(values, 7 * n, 8 * n, -Float.MAX_VALUE);
        for (int r = 0; r < 9; r++) {
          float most = Float.NEGATIVE_INFINITY;
          expected[r] = -1;
          for (int i = 0; i < n; i++) {
            if (Float.isNaN(values[r * n + i])) {
              expected[r] = -1;
              break;
            }
            if (values[r * n + i] > most) {
              most = values[r * n + i];
              expected[r] = i;
            }
          }
        }
        Tensor ids = scope.tensor(DType.I32, 9);
        backend.argmax(scope.floats(values, 9, n), ids);
        assertThat(ids.toInts()).as(backend.description()).containsExactly(expected);
      }
    });
  }
}
