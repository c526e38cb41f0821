package io.swiftjvm.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A fused operation that is taken away is composed, counted, and gives the same. */
public interface FallbackContract extends Contract {
  @ParameterizedTest
  @EnumSource
  default void a_fused_operation_that_is_missing_is_composed_counted_and_gives_the_same(FusedOp op) {
    backends().skip(1).forEach(backend -> {
      try (backend) {
        Backend less = Without.of(backend, op);
        List<float[]> whole = Agreement.results(backend, (b, scope, random) -> run(op, b, scope, random));
        List<float[]> composed = Agreement.results(less, (b, scope, random) -> run(op, b, scope, random));
        assertThat(less.fallbacks().count(op)).isEqualTo(1);
        for (int i = 0; i < whole.size(); i++) {
          Agreement.compare(less.description() + ", result " + i, whole.get(i), composed.get(i), 4e-6 * slack(), 1);
        }
        boolean kernel = backend.capabilities().kernels().contains(op);
        assertThat(backend.fallbacks().count(op)).as(backend.description() + " " + backend.capabilities())
            .isEqualTo(kernel ? 0 : 1);
        assertThat(less.capabilities().kernels()).doesNotContain(op);
      }
    });
  }

  /** One call of the operation; results that it writes. */
  private static List<Tensor> run(FusedOp op, Backend b, Scope scope, Random random) {
    Tensor x = Agreement.random(scope, random, 6, 24);
    Tensor y = Agreement.random(scope, random, 6, 24);
    Tensor z = Agreement.random(scope, random, 6, 24);
    Tensor out = scope.floats(6, 24);
    Tensor w = Agreement.random(scope, random, 24);
    Tensor rows = Agreement.random(scope, random, 6);
    AttentionSpec spec = new AttentionSpec(3, 1, 8, 8, 0.3f, 0, 0);
    Segments segments = Segments.packed(0, 2, 6);
    Tensor k = Agreement.random(scope, random, 6, 8);
    Tensor v = Agreement.random(scope, random, 6, 8);
    Tensor lse = Agreement.random(scope, random, 3, 6);
    return switch (op) {
      case RMS_NORM -> {
        b.rmsNorm(x, w, 0, 1e-6f, out, rows);
        yield List.of(out, rows);
      }
      case RMS_NORM_BACKWARD -> {
        Tensor dw = Agreement.random(scope, random, 24);
        b.rmsNormBackward(x, w, 1, rows, y, out, dw);
        yield List.of(out, dw);
      }
      case ROPE -> {
        b.rope(x.view(6, 3, 8), k.view(12, 4).slice(0, 6), v.view(12, 4).slice(0, 6), false, false, out.view(6, 3, 8));
        yield List.of(out);
      }
      case GATED -> {
        b.gated(Unary.SILU, x, y, out);
        yield List.of(out);
      }
      case GATED_BACKWARD -> {
        b.gatedBackward(Unary.GELU_TANH, x, y, z, out, x);
        yield List.of(out, x);
      }
      case ATTENTION -> {
        b.attention(x, k, v, spec, segments, out, lse);
        yield List.of(out, lse);
      }
      case ATTENTION_BACKWARD -> {
        Tensor dk = scope.floats(6, 8);
        Tensor dv = scope.floats(6, 8);
        b.attentionBackward(x, k, v, spec, segments, y, lse, z, out, dk, dv);
        yield List.of(out, dk, dv);
      }
      case CROSS_ENTROPY -> {
        Tensor nll = scope.floats(6);
        b.crossEntropy(x, scope.ints(0, 23, -100, 5, 5, 7), nll, rows);
        yield List.of(nll, x);
      }
      case ARGMAX -> {
        Tensor ids = scope.tensor(DType.I32, 6);
        b.argmax(x, ids);
        b.gatherRows(w.view(24, 1), ids, out.view(144, 1).slice(0, 6));
        yield List.of(out.view(144, 1).slice(0, 6));
      }
      case SCATTER_ROWS -> {
        b.scatterRows(y.slice(0, 3), scope.ints(4, 1, 2), x);
        yield List.of(x);
      }
      case ADAM_W -> {
        b.unary(Unary.SQUARE, z, z);
        b.adamW(x, y, zero(b, out), z, new AdamStep(0.01f, 0.9f, 0.999f, 1e-8f, 0.1f, 0.1, 0.001, 0.5f));
        yield List.of(x, out, z);
      }
    };
  }

  private static Tensor zero(Backend b, Tensor x) {
    b.fill(x, 0);
    return x;
  }
}
