package io.swiftjvm.model;

import static io.swiftjvm.model.Golden.maxAbs;
import static io.swiftjvm.model.Golden.maxDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.FusedOp;
import io.swiftjvm.backend.Without;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.testing.TestDevices;
import java.util.Arrays;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case of the golden models on every device, in float32 arithmetic on the stored weights. */
class GoldenModelTest {
  private static final double LOGITS = 5e-5;

  /** The reference's recurrence by chunks is itself 1e-5 .. 2e-4 away from float64 (the collection's README). */
  private static double wider(String name) {
    return name.equals("qwen3.5") || name.equals("qwen3-next") ? 20 : 1;
  }

  static Stream<Arguments> models() {
    return on(TestDevices.all());
  }

  static Stream<Arguments> fastModels() {
    return on(TestDevices.fast());
  }

  static Stream<Arguments> slowModels() {
    return on(TestDevices.slow().stream());
  }

  private static Stream<Arguments> on(Stream<String> devices) {
    return devices.flatMap(device -> Golden.MODELS.stream().map(model -> Arguments.of(device, model)));
  }

  static Stream<Arguments> packedModels() {
    return TestDevices.all().flatMap(device -> Golden.PACKED.stream().map(model -> Arguments.of(device, model)));
  }

  private static void with(String device, String name, BiConsumer<Golden, CausalLm> test) {
    try (Backend backend = TestDevices.open(device);
        Golden golden = Golden.of(name);
        CausalLm model = CausalLm.load(golden.folder(), backend)) {
      test.accept(golden, model);
    }
  }

  private static double worst(float[][] actual, int[] rows, float[] expected) {
    int columns = expected.length / rows.length;
    double worst = 0;
    for (int i = 0; i < rows.length; i++) {
      float[] row = Arrays.copyOfRange(expected, i * columns, (i + 1) * columns);
      worst = Math.max(worst, maxDifference(actual[rows[i]], row));
    }
    return worst;
  }

  private static void report(String model, String what, double deviation) {
    if (Boolean.getBoolean("swift.golden.report")) {
      System.out.printf("%-22s %-12s %.2e%n", model, what, deviation);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void logits_and_hidden_states_of_one_row(String device, String name) {
    with(device, name, (golden, model) -> {
      FlatRows rows = golden.rows("single");
      float[][] logits = ModelRuns.logits(model, rows);
      double off = worst(logits, IntStream.range(0, logits.length).toArray(), golden.floats("single.logits"));
      report(name, "logits", off);
      assertThat(off).isLessThan(LOGITS * wider(name));
      float[][] hidden = ModelRuns.hidden(model, rows);
      assertThat(hidden).hasDimensions(golden.json().at("/cases/single/hidden_states").asInt(), hidden[0].length);
      double relative = 0;
      for (int i = 0; i < hidden.length; i++) {
        float[] expected = golden.floats("single.hidden." + i);
        relative = Math.max(relative, maxDifference(hidden[i], expected) / Math.max(1, maxAbs(expected)));
      }
      report(name, "hidden", relative);
      assertThat(relative).isLessThan(2e-5 * wider(name));
    });
  }

  @ParameterizedTest
  @MethodSource("fastModels")
  void padding_on_the_right_is_dropped(String device, String name) {
    with(device, name, (golden, model) -> {
      FlatRows rows = golden.rows("pad_right");
      int[] wanted = golden.ints("pad_right.logit_positions");
      int[] at = IntStream.range(0, wanted.length / 2)
          .map(i -> rows.cuSeqlens()[wanted[2 * i]] + wanted[2 * i + 1]).toArray();
      double off = worst(ModelRuns.logits(model, rows), at, golden.floats("pad_right.logits"));
      report(name, "pad_right", off);
      assertThat(off).isLessThan(LOGITS * wider(name));
    });
  }

  @ParameterizedTest
  @MethodSource("fastModels")
  void padding_on_the_left_is_dropped(String device, String name) {
    with(device, name, (golden, model) -> {
      FlatRows rows = golden.rows("pad_left");
      int[] at = IntStream.range(0, rows.count()).map(r -> rows.cuSeqlens()[r + 1] - 1).toArray();
      double off = worst(ModelRuns.logits(model, rows), at, golden.floats("pad_left.logits_last"));
      report(name, "pad_left", off);
      assertThat(off).isLessThan(LOGITS * wider(name));
    });
  }

  @ParameterizedTest
  @MethodSource("packedModels")
  void packed_rows_do_not_see_each_other(String device, String name) {
    with(device, name, (golden, model) -> {
      int[] ids = golden.ints("packed.input_ids");
      int[] positions = golden.ints("packed.position_ids");
      int[] starts = IntStream.range(0, ids.length).filter(i -> positions[i] == 0).toArray();
      int[] cu = IntStream.concat(Arrays.stream(starts), IntStream.of(ids.length)).toArray();
      FlatRows rows = new FlatRows(ids, positions, cu, IntStream.range(0, ids.length).toArray());
      double off = worst(
          ModelRuns.logits(model, rows), golden.ints("packed.logit_positions"), golden.floats("packed.logits"));
      report(name, "packed", off);
      assertThat(off).isLessThan(LOGITS * wider(name));
    });
  }

  @ParameterizedTest
  @MethodSource("models")
  void loss_and_the_gradients_of_every_parameter(String device, String name) {
    with(device, name, (golden, model) -> {
      model.trainFull();
      FlatRows rows = golden.rows("pad_right");
      int[] labels = rows.shiftedLabels(golden.ints("loss.labels"));
      double divisor = golden.json().at("/cases/loss/counted_tokens").asInt();
      ModelRuns.Learnt learnt = ModelRuns.learn(model, rows, labels, divisor, Recompute.NONE);
      double value = golden.json().at("/cases/loss/value").asDouble();
      report(name, "loss rel", Math.abs(learnt.loss() / value - 1));
      assertThat(learnt.loss()).isCloseTo(value, within(2e-6 * value * wider(name)));
      nll(name, golden, rows, labels, learnt.nll());
      gradients(name, golden, model, learnt);
    });
  }

  static Stream<Arguments> disabled() {
    return TestDevices.all().flatMap(
        device -> Arrays.stream(FusedOp.values()).filter(op -> op != FusedOp.ARGMAX && op != FusedOp.SCATTER_ROWS).map(op -> Arguments.of(device, op)));
  }

  @ParameterizedTest
  @MethodSource("disabled")
  void a_fused_operation_that_a_device_lacks_changes_no_gradient(String device, FusedOp op) {
    try (Backend backend = Without.of(TestDevices.open(device), op);
        Golden golden = Golden.of("gemma2");
        CausalLm model = CausalLm.load(golden.folder(), backend)) {
      model.trainFull();
      FlatRows rows = golden.rows("pad_right");
      int[] labels = rows.shiftedLabels(golden.ints("loss.labels"));
      double divisor = golden.json().at("/cases/loss/counted_tokens").asInt();
      gradients("gemma2", golden, model, ModelRuns.learn(model, rows, labels, divisor, Recompute.NONE));
      assertThat(backend.fallbacks().count(op) > 0).isEqualTo(op != FusedOp.ADAM_W);
    }
  }

  private static void nll(String name, Golden golden, FlatRows rows, int[] labels, float[] nll) {
    float[] expected = golden.floats("loss.per_token_nll");
    int columns = golden.columns("loss.per_token_nll");
    int next = 0;
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] != -100) {
        int padded = rows.source()[i];
        float wanted = expected[padded / (columns + 1) * columns + padded % (columns + 1)];
        assertThat(nll[next++]).isCloseTo(wanted, within(5e-5f * (float) wider(name)));
      }
    }
    assertThat(nll).hasSize(next);
  }

  private static void gradients(String name, Golden golden, CausalLm model, ModelRuns.Learnt learnt) {
    var norms = golden.json().at("/cases/loss/grad_norms");
    assertThat(learnt.gradients()).hasSize(norms.size());
    double worstNorm = 0;
    double worst = 0;
    double total = 0;
    for (var gradient : learnt.gradients().entrySet()) {
      double norm = Math.sqrt(IntStream.range(0, gradient.getValue().length)
          .mapToDouble(i -> (double) gradient.getValue()[i] * gradient.getValue()[i]).sum());
      double expected = norms.get(gradient.getKey()).asDouble();
      worstNorm = Math.max(worstNorm, Math.abs(norm / expected - 1));
      total += norm * norm;
      String key = "grad." + gradient.getKey();
      if (golden.tensors().contains(key)) {
        float[] tensor = golden.floats(key);
        worst = Math.max(worst, maxDifference(gradient.getValue(), tensor) / maxAbs(tensor));
      }
    }
    report(name, "grad", worst);
    report(name, "grad norm", worstNorm);
    assertThat(worst).isLessThan(2e-5 * wider(name));
    assertThat(worstNorm).isLessThan(2e-5 * wider(name));
    double expected = golden.json().at("/cases/loss/grad_norm_total").asDouble();
    assertThat(Math.sqrt(total)).isCloseTo(expected, within(2e-5 * expected * wider(name)));
  }

  @ParameterizedTest
  @MethodSource("fastModels")
  void loss_over_the_tokens_of_an_accumulated_batch(String device, String name) {
    with(device, name, (golden, model) -> {
      FlatRows rows = golden.rows("pad_right");
      int[] labels = rows.shiftedLabels(golden.ints("loss.labels"));
      var wanted = golden.json().at("/cases/loss/with_num_items_in_batch");
      double divisor = wanted.get("num_items_in_batch").asInt();
      double value = wanted.get("value").asDouble();
      assertThat(ModelRuns.learn(model, rows, labels, divisor, Recompute.NONE).loss()).isCloseTo(value, within(2e-6 * value * wider(name)));
    });
  }

  @Tag("heavy")
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("slowModels")
  void greedy_tokens_on_slow_devices(String device, String name) {
    greedy_tokens_of_one_row_and_of_a_batch(device, name);
  }

  @ParameterizedTest
  @MethodSource("fastModels")
  void greedy_tokens_of_one_row_and_of_a_batch(String device, String name) {
    with(device, name, (golden, model) -> {
      int steps = golden.columns("greedy.tokens");
      assertThat(ModelRuns.greedy(model, golden.ints("greedy.input_ids"), steps))
          .isEqualTo(golden.ints("greedy.tokens"));
      FlatRows rows = FlatRows.of(golden.ints("greedy_batch.input_ids"), golden.ints("greedy_batch.attention_mask"),
          null, golden.columns("greedy_batch.input_ids"));
      int[] tokens = golden.ints("greedy_batch.tokens");
      for (int r = 0; r < rows.count(); r++) {
        assertThat(ModelRuns.greedy(model, rows.row(r).ids(), steps))
            .isEqualTo(Arrays.copyOfRange(tokens, r * steps, (r + 1) * steps));
      }
    });
  }
}
