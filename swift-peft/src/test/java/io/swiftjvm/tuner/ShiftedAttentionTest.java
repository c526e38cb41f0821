package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.Batch;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.Oracle;
import io.swiftjvm.train.TrainedWeights;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ShiftedAttentionTest {
  private static final ShiftedAttention QUARTER = new ShiftedAttention(0.25, 32);
  private static final Map<String, float[]> GOLDEN =
      Oracle.tensors(Oracle.path("training/longlora/shifted.safetensors"));

  /** The rows of the golden values, 32, 27 and 3 tokens, packed. */
  private static Batch rows() {
    List<int[]> ids = Stream.of(32, 27, 3)
        .map(n -> IntStream.range(0, n).map(i -> (7 * i * i + 3 * i + 5) % 600).toArray()).toList();
    return Oracle.join(ids, ids.stream()
        .map(row -> IntStream.range(0, row.length).map(i -> i + 1 < row.length ? row[i + 1] : -100).toArray()).toList());
  }

  @ParameterizedTest
  @EnumSource
  void logits_loss_and_gradients_are_those_of_masks_in_torch(Recompute recompute) {
    Batch batch = rows();
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(Oracle.path("models/llama3"), backend);
        Scope scope = new Scope(backend);
        Tape tape = new Tape(backend);
        Gradients gradients = new Gradients(backend)) {
      model.trainFull();
      Pass pass = QUARTER.pass(new Pass(new Ops(backend, tape, scope), AttentionContext.packed(batch.cuSeqlens()), List.of(),
          1, recompute), batch.cuSeqlens());
      Tensor hidden = model.hidden(pass, scope.ints(batch.ids()), batch.positions());
      float[] logits = model.logits(new Pass(new Ops(backend, null, scope), pass.attention(), List.of(), 0),
          hidden.detached()).toFloats();
      for (int last : new int[] {31, 58, 61}) {
        float[] golden = GOLDEN.get("logits." + (last == 31 ? 32 : last == 58 ? 27 : 3));
        assertThat(Oracle.worst(Arrays.copyOfRange(logits, last * golden.length, (last + 1) * golden.length), golden))
            .isLessThan(1e-4);
      }
      Tensor loss = model.loss(pass, hidden, batch.labels(), null, 59).loss();
      assertThat(loss.toFloats()[0]).isCloseTo(GOLDEN.get("loss")[0], within(1e-4f));
      tape.backward(loss, scope.floats(new float[] {1}, 1), gradients);
      for (String name : List.of("q_proj", "k_proj", "v_proj")) {
        Tensor weight = model.linears().get("model.layers.0.self_attn." + name).base().weight().value();
        float[] found = gradients.get(weight).toFloats();
        float[] golden = GOLDEN.get("gradient." + name);
        for (int i = 0; i < golden.length; i++) {
          assertThat(found[i / 12 * 48 + i % 12]).as(name + i).isCloseTo(golden[i], within(1e-5f));
        }
      }
    }
  }

  @Test
  void only_passes_that_train_are_grouped_and_the_setting_stays_with_the_adapter(@TempDir Path folder) {
    Batch batch = rows();
    LoraSpec spec = LoraSpec.DEFAULT.rank(2).attention(QUARTER);
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(Oracle.path("models/llama3"), backend);
        Scope scope = new Scope(backend)) {
      TrainedWeights weights = TrainedWeights.fresh(model, spec, 1, "base");
      Pass still = new Pass(new Ops(backend, null, scope), AttentionContext.packed(batch.cuSeqlens()), List.of(), 0);
      assertThat(weights.pass(still, batch)).isSameAs(still);
      weights.save(folder);
      LoraAdapter.of(model, "default").detach();
      assertThat(AdapterFiles.attach(model, folder, "default", true).spec().attention()).isEqualTo(QUARTER);
      LoraAdapter.of(model, "default").detach();
      assertThat(AdapterFiles.attach(model, folder, "default", false).spec().attention()).isEqualTo(ShiftedAttention.NONE);
    }
  }

  @Test
  void what_does_not_fit_is_refused() {
    assertThatThrownBy(() -> new ShiftedAttention(0.6, 32)).isInstanceOf(InvalidPlanException.class);
    assertThatThrownBy(() -> new ShiftedAttention(0.25, 36)).hasMessageContaining("multiple of 8");
    assertThat(LoraSpec.DEFAULT.attention(ShiftedAttention.NONE.ratio(0.25)).problem()).contains("max_length");
    try (Backend backend = Devices.cpu(); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      assertThatThrownBy(() -> new LoraTransform(LoraSpec.DEFAULT.attention(QUARTER), 1).attach(model))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("qwen3").hasMessageContaining("llama");
    }
  }
}
