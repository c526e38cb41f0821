package io.swiftjvm.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FusedLossTest {
  private final Backend backend = Devices.cpu(2);

  @AfterEach
  void close() {
    backend.close();
  }

  private record Result(double value, float[] dh, float[] dw) {}

  private Result run(float[] h, float[] w, int columns, int[] labels, int from, int rows, int total) {
    try (Scope scope = new Scope(backend); Tape tape = new Tape(backend); Gradients into = new Gradients(backend)) {
      Ops ops = new Ops(backend, tape, scope);
      Tensor all = scope.floats(h, h.length / columns, columns);
      Tensor hidden = all.slice(from, rows).tracked();
      Tensor weight = scope.floats(w, w.length / columns, columns).tracked();
      int[] own = Arrays.copyOfRange(labels, from, from + rows);
      FusedLoss.Loss loss = FusedLoss.linearCrossEntropy(ops, hidden, weight, null, own, null, total);
      tape.backward(loss.loss(), scope.floats(new float[] {1}, 1), into);
      return new Result(loss.value(), into.get(hidden).toFloats(), into.get(weight).toFloats());
    }
  }

  @Test
  void chunks_give_what_one_piece_gives() {
    int vocabulary = 1 << 20; // 16 rows are one chunk
    int n = 19;
    Random random = new Random(3);
    float[] h = new float[n * 2];
    float[] w = new float[vocabulary * 2];
    for (int i = 0; i < h.length; i++) {
      h[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < w.length; i++) {
      w[i] = (float) random.nextGaussian();
    }
    int[] labels = random.ints(n, 0, vocabulary).toArray();
    Result whole = run(h, w, 2, labels, 0, n, n);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      Result one = run(h, w, 2, labels, i, 1, n);
      sum += one.value();
      assertThat(one.dh()[0]).isCloseTo(whole.dh()[2 * i], within(1e-6f));
      assertThat(one.dh()[1]).isCloseTo(whole.dh()[2 * i + 1], within(1e-6f));
    }
    assertThat(whole.value()).isCloseTo(sum, within(1e-6 * sum));
  }

  @Test
  void the_loss_scales_with_its_seed() {
    try (Scope scope = new Scope(backend); Tape tape = new Tape(backend); Gradients into = new Gradients(backend)) {
      Ops ops = new Ops(backend, tape, scope);
      Tensor h = scope.floats(new float[] {1, 2}, 1, 2).tracked();
      Tensor w = scope.floats(new float[] {1, 0, 0, 1}, 2, 2);
      FusedLoss.Loss loss = FusedLoss.linearCrossEntropy(ops, h, w, null, new int[] {0}, null, 1);
      tape.backward(loss.loss(), scope.floats(new float[] {3}, 1), into);
      float p = (float) (1 / (1 + Math.exp(-1)));
      assertThat(into.get(h).get(0)).isCloseTo(-3 * p, within(1e-5f));
    }
  }

  @Test
  void no_labelled_row_is_a_loss_of_nothing() {
    try (Scope scope = new Scope(backend); Tape tape = new Tape(backend)) {
      Ops ops = new Ops(backend, tape, scope);
      Tensor h = scope.floats(0, 2).tracked();
      FusedLoss.Loss loss =
          FusedLoss.linearCrossEntropy(ops, h, scope.floats(new float[4], 2, 2), null, new int[0], null, 5);
      assertThat(loss.value()).isZero();
      assertThat(loss.loss().requiresGrad()).isFalse();
    }
  }

  @Test
  void bad_labels_and_divisors_are_refused() {
    try (Scope scope = new Scope(backend)) {
      Ops ops = new Ops(backend, null, scope);
      Tensor h = scope.floats(new float[2], 1, 2);
      Tensor w = scope.floats(new float[4], 2, 2);
      assertThatThrownBy(() -> FusedLoss.linearCrossEntropy(ops, h, w, null, new int[] {2}, null, 1))
          .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("label 2 of row 0 is outside 0 .. 1");
      assertThatThrownBy(() -> FusedLoss.linearCrossEntropy(ops, h, w, null, new int[] {1}, null, 0))
          .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("divisor");
      assertThatThrownBy(() -> FusedLoss.linearCrossEntropy(ops, h, w, null, new int[2], null, 1))
          .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("got 2");
    }
  }

  @Test
  void the_rows_of_a_loss_are_cut_into_equal_pieces() {
    assertThat(FusedLoss.chunkRows(511, 151_936)).isEqualTo(256);
    assertThat(FusedLoss.chunkRows(40, 151_936)).isEqualTo(40);
    assertThat(FusedLoss.chunkRows(3, 1L << 30)).isEqualTo(1);
    assertThat(FusedLoss.chunkRows(0, 32)).isEqualTo(1);
  }
}
