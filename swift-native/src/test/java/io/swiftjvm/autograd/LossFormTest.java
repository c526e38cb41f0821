package io.swiftjvm.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Gradients of the forms that have one in the usual sense are checked by differences in {@link OpsGradientTest}. */
class LossFormTest {
  private static final float[] LOGITS = {0.3f, -1.2f, 2.0f, 0.1f, 1.5f, 0.4f, -0.7f, -2.0f};
  private static final int[] LABELS = {0, 3};

  private record Found(double value, float[] rows, float[] gradient) {}

  private static Found run(LossForm form) {
    try (Backend backend = Devices.cpu(1); Scope scope = new Scope(backend); Tape tape = new Tape(backend);
        Gradients into = new Gradients(backend)) {
      Tensor h = scope.floats(LOGITS, 2, 4).tracked();
      // The logits themselves are the hidden rows: the head does nothing.
      FusedLoss.Loss loss = FusedLoss.rows(new Ops(backend, tape, scope), h, 4, (o, x) -> o.scale(x, 1), List.of(),
          LABELS, new float[] {1, 3}, 2, form);
      tape.backward(loss.loss(), scope.floats(new float[] {1}, 1), into);
      return new Found(loss.value(), loss.nll(), into.get(h).toFloats());
    }
  }

  private static double[] softmax(int row) {
    double[] p = new double[4];
    double sum = 0;
    for (int i = 0; i < 4; i++) {
      sum += p[i] = Math.exp(LOGITS[row * 4 + i]);
    }
    for (int i = 0; i < 4; i++) {
      p[i] /= sum;
    }
    return p;
  }

  @Test
  void dft_weighs_a_row_by_the_probability_of_its_label() {
    Found found = run(new LossForm(0, true, 0));
    for (int row = 0; row < 2; row++) {
      double[] p = softmax(row);
      double right = p[LABELS[row]];
      assertThat(found.rows()[row]).isCloseTo((float) (-right * Math.log(right)), within(1e-6f));
      for (int i = 0; i < 4; i++) {
        double gradient = (row == 0 ? 1 : 3) / 2.0 * right * (p[i] - (i == LABELS[row] ? 1 : 0));
        assertThat(found.gradient()[row * 4 + i]).isCloseTo((float) gradient, within(1e-6f));
      }
    }
  }

  @Test
  void smoothing_spreads_a_share_of_the_target_over_all_tokens() {
    Found found = run(new LossForm(0.1, false, 0));
    for (int row = 0; row < 2; row++) {
      double[] p = softmax(row);
      double all = 0;
      for (double one : p) {
        all -= Math.log(one) / 4;
      }
      double loss = -0.9 * Math.log(p[LABELS[row]]) + 0.1 * all;
      assertThat(found.rows()[row]).isCloseTo((float) loss, within(1e-6f));
    }
    assertThat(found.value()).isCloseTo((found.rows()[0] + 3 * found.rows()[1]) / 2.0, within(1e-6));
  }

  @Test
  void z_loss_adds_the_square_of_the_log_of_the_normaliser() {
    Found plain = run(LossForm.PLAIN);
    Found found = run(new LossForm(0, false, 0.01));
    for (int row = 0; row < 2; row++) {
      double log = LOGITS[row * 4] - Math.log(softmax(row)[0]);
      assertThat(found.rows()[row] - plain.rows()[row]).isCloseTo((float) (0.01 * log * log), within(1e-6f));
    }
  }

  @Test
  void settings_outside_their_range_or_against_each_other_are_refused() {
    assertThatThrownBy(() -> new LossForm(1, false, 0)).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("label_smoothing_factor");
    assertThatThrownBy(() -> new LossForm(0, false, -1)).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("z_loss_coeff");
    assertThatThrownBy(() -> new LossForm(0.1, true, 0)).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("enable_dft_loss");
  }
}
