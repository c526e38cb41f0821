package io.swiftjvm.model;

import static io.swiftjvm.model.Golden.maxAbs;
import static io.swiftjvm.model.Golden.maxDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.autograd.TargetLoss;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClassifierGoldenTest {
  @ParameterizedTest
  @ValueSource(strings = {"pad_left", "pad_right"})
  void the_classes_of_a_text_come_from_its_last_token(String padding) {
    try (Backend backend = Devices.cpu(2);
        Golden golden = Golden.of("qwen3-seqcls");
        CausalLm model = CausalLm.load(golden.folder(), backend);
        Scope scope = new Scope(backend)) {
      FlatRows rows = golden.rows(padding);
      Pass pass = Pass.of(new Ops(backend, null, scope), AttentionContext.packed(rows.cuSeqlens()));
      Tensor hidden = model.hidden(pass, scope.ints(rows.ids()), rows.positions());
      Tensor logits = model.logits(pass, Pooling.LAST.of(pass.ops(), hidden, rows.cuSeqlens()));
      assertThat(model.config().classifies()).isTrue();
      assertThat(maxDifference(logits.toFloats(), golden.floats(padding + ".logits"))).isLessThan(5e-5);
    }
  }

  @ParameterizedTest
  @CsvSource({"single_label_classification", "regression", "multi_label_classification"})
  void losses_and_the_gradient_of_the_head(String kind) {
    try (Backend backend = Devices.cpu(2);
        Golden golden = Golden.of("qwen3-seqcls");
        CausalLm model = CausalLm.load(golden.folder(), backend);
        Scope scope = new Scope(backend);
        Tape tape = new Tape(backend);
        Gradients gradients = new Gradients(backend)) {
      model.trainFull();
      FlatRows rows = golden.rows("pad_right");
      Ops ops = new Ops(backend, tape, scope);
      Pass pass = new Pass(ops, AttentionContext.packed(rows.cuSeqlens()), List.of(), 0);
      Tensor hidden = model.hidden(pass, scope.ints(rows.ids()), rows.positions());
      Tensor pooled = Pooling.LAST.of(ops, hidden, rows.cuSeqlens());
      String labels = kind + ".labels";
      Tensor loss = switch (kind) {
        case "regression" -> TargetLoss.SQUARED_ERROR.of(ops, model.logits(pass, pooled), golden.floats(labels));
        case "multi_label_classification" ->
            TargetLoss.BINARY_CROSS_ENTROPY.of(ops, model.logits(pass, pooled), golden.floats(labels));
        default -> model.loss(pass, pooled, golden.ints(labels), null, rows.count()).loss();
      };
      double wanted = golden.json().at("/cases/" + kind + "/loss").asDouble();
      assertThat(loss.get(0)).isCloseTo((float) wanted, within(2e-6f * (float) wanted));
      tape.backward(loss, scope.floats(new float[] {1}, 1), gradients);
      float[] gradient = gradients.get(model.linears().get("score").base().weight().value()).toFloats();
      float[] expected = golden.floats(kind + ".grad_score");
      assertThat(maxDifference(gradient, expected)).isLessThan(2e-5 * maxAbs(expected));
    }
  }
}
