package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.train.OnTinyModel;
import io.swiftjvm.train.Oracle;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LoraTransformTest extends OnTinyModel {
  LoraTransformTest() {
    super("qwen3");
  }

  @Test
  void all_linear_is_every_projection_but_the_head() {
    LoraAdapter adapter = new LoraTransform(LoraSpec.DEFAULT, 1).attach(model);
    assertThat(adapter.modules()).hasSize(3 * 7).doesNotContain("lm_head").contains("model.layers.2.mlp.down_proj");
    // rank * (in + out) of q 48x64, k and v 48x32, o 64x48, gate and up 48x80, down 80x48, three layers
    assertThat(adapter.size()).isEqualTo(3L * 8 * ((48 + 64) + 2 * (48 + 32) + (64 + 48) + 2 * (48 + 80) + (80 + 48)));
    assertThat(adapter.parameters()).allMatch(Parameter::trainable);
  }

  @Test
  void a_fresh_adapter_does_not_change_the_answer_and_starts_within_its_bound() {
    long[] ids = {5, 6, 7, 8};
    float[] before = Oracle.logits(model, List.of(), ids);
    LoraAdapter adapter = new LoraTransform(LoraSpec.DEFAULT, 1).attach(model);
    assertThat(Oracle.logits(model, List.of("default"), ids)).isEqualTo(before);
    float[] a = adapter.parameters().getFirst().value().toFloats();
    assertThat(Oracle.largest(a)).isLessThanOrEqualTo(1 / Math.sqrt(48)).isGreaterThan(0.1);
    assertThat(Oracle.largest(adapter.parameters().get(1).value().toFloats())).isZero();
  }

  @Test
  void a_module_starts_the_same_whatever_else_is_adapted_and_seeds_differ() {
    LoraSpec q = LoraSpec.DEFAULT.targets("q_proj");
    float[] all =
        new LoraTransform("all", LoraSpec.DEFAULT, 1).attach(model).parameters().getFirst().value().toFloats();
    float[] one = new LoraTransform("one", q, 1).attach(model).parameters().getFirst().value().toFloats();
    float[] two = new LoraTransform("two", q, 2).attach(model).parameters().getFirst().value().toFloats();
    assertThat(one).isEqualTo(all).isNotEqualTo(two);
    float[] normal = new LoraTransform("normal", q.init(LoraInit.GAUSSIAN), 1).attach(model).parameters().getFirst()
        .value().toFloats();
    double sum = 0;
    for (float v : normal) {
      sum += (double) v * v;
    }
    assertThat(Math.sqrt(sum / normal.length)).isBetween(0.1, 0.15);
  }

  @Test
  void a_start_at_random_fills_b_too_and_rounds_of_pissa_are_its_own_affair() {
    LoraAdapter adapter = new LoraTransform(LoraSpec.DEFAULT.rank(4).init(LoraInit.of("false")), 1).attach(model);
    float[] b = adapter.parameters().get(1).value().toFloats();
    assertThat(Oracle.largest(b)).isBetween(0.45, 0.5);
    assertThat(LoraInit.of("pissa_niter_16")).isEqualTo(LoraInit.PISSA);
    assertThat(List.of(LoraInit.values())).allSatisfy(init -> assertThat(LoraInit.of(init.plain())).isEqualTo(init));
    assertThatThrownBy(() -> LoraInit.of("corda")).isInstanceOf(InvalidPlanException.class).hasMessageContaining("corda");
  }

  @Test
  void an_unknown_target_lists_those_that_exist() {
    assertThatThrownBy(() -> new LoraTransform(LoraSpec.DEFAULT.targets("q_proj", "w_q"), 1).attach(model))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'w_q'").hasMessageContaining("gate_proj");
    assertThatThrownBy(() -> new LoraTransform(LoraSpec.DEFAULT.targets(LoraTargets.matching("nothing.*")), 1)
        .attach(model)).isInstanceOf(InvalidPlanException.class).hasMessageContaining("gate_proj");
    assertThatThrownBy(() -> new LoraTransform(LoraSpec.DEFAULT.targets("lm_head"), 1).attach(model))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("ties");
    assertThat(LoraAdapter.names(model)).isEmpty();
  }

  @Test
  void illegal_settings_and_names_are_refused() {
    assertThatThrownBy(() -> LoraSpec.DEFAULT.rank(0)).hasMessageContaining("lora.rank is 0");
    assertThatThrownBy(() -> LoraSpec.DEFAULT.dropout(1)).hasMessageContaining("dropout");
    assertThatThrownBy(() -> LoraSpec.DEFAULT.alpha(Double.NaN)).hasMessageContaining("alpha");
    assertThatThrownBy(() -> LoraSpec.DEFAULT.loraPlusRatio(-1.0)).hasMessageContaining("loraPlusRatio");
    assertThatThrownBy(() -> LoraSpec.DEFAULT.targets(LoraTargets.matching("("))).hasMessageContaining("expression");
    assertThatThrownBy(() -> new LoraTransform("a.b", LoraSpec.DEFAULT, 1)).hasMessageContaining("a.b");
    new LoraTransform(LoraSpec.DEFAULT, 1).attach(model);
    assertThatThrownBy(() -> new LoraTransform(LoraSpec.DEFAULT, 1).attach(model))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("already attached");
    assertThatThrownBy(() -> LoraAdapter.of(model, "other")).hasMessageContaining("default");
  }

  @Test
  void patterns_give_modules_their_own_rank_and_alpha() {
    LoraSpec spec = LoraSpec.DEFAULT.rank(4).alpha(12).rankPattern(Map.of("down_proj", 2))
        .alphaPattern(Map.of("layers\\.0\\.self_attn\\.q_proj", 24.0));
    assertThat(spec.rankOf("model.layers.1.mlp.down_proj")).isEqualTo(2);
    assertThat(spec.scaleOf("model.layers.1.mlp.down_proj")).isEqualTo(6);
    assertThat(spec.scaleOf("model.layers.0.self_attn.q_proj")).isEqualTo(6);
    assertThat(spec.scaleOf("model.layers.1.self_attn.q_proj")).isEqualTo(3);
    assertThat(spec.rsLora(true).scaleOf("model.layers.1.self_attn.q_proj")).isEqualTo(6);
  }

  @Test
  void a_merge_refuses_a_full_folder_its_own_model_and_unknown_adapters() throws IOException {
    new LoraTransform(LoraSpec.DEFAULT, 1).attach(model);
    Files.writeString(temp.resolve("mine.txt"), "keep");
    assertThatThrownBy(() -> ModelExport.merge(model, List.of("default"), temp, null, false))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("not empty");
    assertThatThrownBy(() -> ModelExport.merge(model, List.of("default"), model.directory(), null, true))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("itself");
    assertThatThrownBy(() -> ModelExport.merge(model, List.of("nobody"), temp.resolve("x"), null, false))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("nobody");
    assertThatThrownBy(() -> ModelExport.merge(model, List.of("default"), temp.resolve("x"), DType.I32, false))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("I32");
    ModelExport.merge(model, List.of("default"), temp, DType.BF16, true);
    assertThat(temp.resolve("mine.txt")).exists();
    assertThat(Files.readString(temp.resolve("config.json"))).contains("bfloat16");
    try (CausalLm merged = CausalLm.load(temp, backend)) {
      assertThat(merged.parameters().getFirst().value().dtype()).isEqualTo(DType.BF16);
    }
  }
}
