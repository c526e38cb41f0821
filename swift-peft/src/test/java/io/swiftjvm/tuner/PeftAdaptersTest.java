package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.train.AdapterOracle;
import io.swiftjvm.train.OnTinyModel;
import io.swiftjvm.train.Oracle;
import io.swiftjvm.train.TrainedWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters that PEFT saved. */
class PeftAdaptersTest extends OnTinyModel {
  private static final Path INPUTS = Oracle.path("peft/inputs.safetensors");

  @ParameterizedTest
  @ValueSource(strings = {
      "lora", "rslora", "lora_patterns", "lora_layers", "lora_exclude", "lora_regex_target", "lora_lora_bias"})
  void a_saved_adapter_gives_the_logits_gradients_and_merged_weights_of_peft(String name) {
    Path folder = Oracle.path("peft/" + name);
    Map<String, float[]> golden = Oracle.tensors(folder.resolve("golden.safetensors"));
    boolean trainable = !name.equals("lora_lora_bias");
    LoraAdapter adapter = AdapterFiles.attach(model, folder, "default", trainable);
    assertThat(Oracle.worst(logits(List.of("default")), golden.get("logits"))).isLessThan(1e-4);
    assertThat(Oracle.worst(logits(List.of()), Oracle.tensors(INPUTS).get("base_logits"))).isLessThan(5e-5);
    if (trainable) {
      AdapterOracle.checkGradients(TrainedWeights.of(adapter, "base"), golden);
      AdapterOracle.checkMerged(model, golden, temp.resolve("merged"), 1e-6);
    } else {
      assertThatThrownBy(() -> ModelExport.merge(model, List.of("default"), temp.resolve("merged"), null, false))
          .hasMessageContaining("lora_bias");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora_modules_to_save", "lora_embed", "lora_trainable_tokens"})
  void an_adapter_that_changes_the_base_is_used_and_merged_and_leaves_no_trace_when_it_goes(String name) {
    Path folder = Oracle.path("peft/" + name);
    float[] golden = Oracle.tensors(folder.resolve("golden.safetensors")).get("logits");
    LoraAdapter adapter = AdapterFiles.attach(model, folder, "default", false);
    assertThat(Oracle.worst(logits(List.of("default")), golden)).isLessThan(1e-4);
    ModelExport.merge(model, List.of("default"), temp.resolve("merged"), null, false);
    try (CausalLm merged = CausalLm.load(temp.resolve("merged"), backend)) {
      assertThat(Oracle.worst(Oracle.logits(merged, List.of(), Oracle.longs(INPUTS, "input_ids")), golden))
          .isLessThan(1e-4);
    }
    assertThatThrownBy(() -> AdapterFiles.attach(model, Oracle.path("peft/lora"), "other", false))
        .hasMessageContaining("cannot share");
    if (!name.equals("lora_modules_to_save")) {
      assertThatThrownBy(() -> AdapterFiles.save(adapter, temp.resolve("copy"))).hasMessageContaining("not written");
    }
    adapter.detach();
    assertThat(Oracle.worst(logits(List.of()), Oracle.tensors(INPUTS).get("base_logits"))).isLessThan(5e-5);
    AdapterFiles.attach(model, Oracle.path("peft/lora"), "plain", false);
    assertThatThrownBy(() -> AdapterFiles.attach(model, folder, "default", false)).hasMessageContaining("cannot share");
  }

  @Test
  void modules_that_are_trained_beside_an_adapter_have_the_gradients_of_peft_and_are_saved_with_it() {
    Path folder = Oracle.path("peft/lora_modules_to_save");
    Map<String, float[]> golden = Oracle.tensors(folder.resolve("golden.safetensors"));
    LoraAdapter adapter = AdapterFiles.attach(model, folder, "default", true);
    AdapterOracle.checkGradients(TrainedWeights.of(adapter, "base"), golden);
    AdapterFiles.save(adapter, temp.resolve("copy"), "base");
    assertThat(Oracle.tensors(temp.resolve("copy").resolve(AdapterFiles.WEIGHTS)).keySet())
        .isEqualTo(Oracle.tensors(folder.resolve(AdapterFiles.WEIGHTS)).keySet());
    assertThat(AdapterFiles.readSpec(temp.resolve("copy")).modulesToSave())
        .isEqualTo(AdapterFiles.readSpec(folder).modulesToSave()).isNotEmpty();
    adapter.detach();
    AdapterFiles.attach(model, temp.resolve("copy"), "default", false);
    assertThat(Oracle.worst(logits(List.of("default")), golden.get("logits"))).isLessThan(1e-4);
  }

  /** PEFT keeps the head of the base beside a trained token table, unless ensure_weight_tying says otherwise. */
  @Test
  void a_tied_token_table_is_saved_with_its_head_and_one_without_is_refused() throws IOException {
    LoraSpec spec = LoraSpec.DEFAULT.rank(2).modulesToSave(List.of("embed_tokens"));
    Path saved = temp.resolve("tied");
    float[] moved;
    try (CausalLm tied = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      assertThat(tied.config().tied()).isTrue();
      LoraAdapter adapter = new LoraTransform(spec, 1).attach(tied);
      adapter.parameters().forEach(p -> backend.axpy(0.1f, p.value().detached(), p.value().detached()));
      moved = Oracle.logits(tied, List.of("default"), new long[] {5, 17, 300});
      AdapterFiles.save(adapter, saved, "base");
    }
    Map<String, float[]> values = Oracle.tensors(saved.resolve(AdapterFiles.WEIGHTS));
    assertThat(values.get("base_model.model.lm_head.weight"))
        .containsExactly(values.get("base_model.model.model.embed_tokens.weight"));
    Path config = saved.resolve("adapter_config.json");
    assertThat(config).content().contains("\"ensure_weight_tying\" : true");
    try (CausalLm tied = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      LoraAdapter again = AdapterFiles.attach(tied, saved, "default", true);
      assertThat(Oracle.logits(tied, List.of("default"), new long[] {5, 17, 300})).containsExactly(moved);
      AdapterFiles.load(again, saved);
      again.detach();
      Files.writeString(config, Files.readString(config).replace("ensure_weight_tying\" : true", "ensure_weight_tying\" : false"));
      assertThatThrownBy(() -> AdapterFiles.attach(tied, saved, "default", false)).isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("ensure_weight_tying");
    }
  }

  @Test
  void biases_of_a_model_are_trained_and_saved_as_peft_names_them() {
    try (CausalLm biased = CausalLm.load(Oracle.path("models/qwen2"), backend)) {
      LoraSpec spec = LoraSpec.DEFAULT.rank(2).targets("q_proj", "o_proj").bias(LoraBias.ALL);
      LoraAdapter adapter = new LoraTransform(spec, 1).attach(biased);
      assertThat(adapter.parameters().stream().filter(p -> p.name().endsWith(".bias"))).isNotEmpty();
      float[] before = Oracle.logits(biased, List.of("default"), new long[] {5, 17, 300});
      adapter.parameters().forEach(p -> biased.backend().axpy(0.1f, p.value().detached(), p.value().detached()));
      float[] moved = Oracle.logits(biased, List.of("default"), new long[] {5, 17, 300});
      assertThat(Oracle.worst(moved, before)).isGreaterThan(1e-4);
      AdapterFiles.save(adapter, temp.resolve("biased"), "base");
      assertThat(Oracle.tensors(temp.resolve("biased").resolve(AdapterFiles.WEIGHTS)).keySet())
          .contains("base_model.model.model.layers.0.self_attn.q_proj.base_layer.bias",
              "base_model.model.model.layers.0.self_attn.k_proj.bias");
      adapter.detach();
      AdapterFiles.attach(biased, temp.resolve("biased"), "default", true);
      assertThat(Oracle.worst(Oracle.logits(biased, List.of("default"), new long[] {5, 17, 300}), moved)).isZero();
      LoraSpec only = spec.bias(LoraBias.LORA_ONLY);
      LoraAdapter.of(biased, "default").detach();
      assertThat(new LoraTransform(only, 1).attach(biased).parameters().stream().map(Parameter::name))
          .contains("model.layers.0.self_attn.q_proj.bias").doesNotContain("model.layers.0.self_attn.k_proj.bias");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora_pissa", "lora_olora"})
  void an_adapter_that_started_inside_the_weight_is_that_of_peft(String name) throws IOException {
    Path folder = Oracle.path("peft/" + name);
    Map<String, float[]> golden = Oracle.tensors(folder.resolve("golden.safetensors"));
    LoraSpec spec = AdapterFiles.readSpec(folder);
    LoraAdapter fresh = new LoraTransform("fresh", spec, 1).attach(model);
    assertThat(Oracle.worst(logits(List.of("fresh")), golden.get("logits_after_init"))).isLessThan(5e-5);
    LoraStart start = fresh.parts().get("model.layers.0.self_attn.q_proj").start();
    assertThat(start).isNotNull();
    assertThat(Math.abs(start.a().toFloats()[5])).isCloseTo(
        Math.abs(golden.get("lora_A.layers.0.self_attn.q_proj")[5]), org.assertj.core.data.Offset.offset(1e-5f));
    fresh.detach();
    LoraAdapter adapter = AdapterFiles.attach(model, folder, "default", true);
    assertThat(Oracle.worst(logits(List.of("default")), golden.get("logits"))).isLessThan(1e-4);
    AdapterOracle.checkGradients(TrainedWeights.of(adapter, "base"), golden);
    // 5e-6 off the decomposition in float64, as torch in float32 is: the fourth and fifth singular values are close.
    AdapterOracle.checkMerged(model, golden, temp.resolve("merged"), 1e-5);
    AdapterFiles.save(adapter, temp.resolve("copy"), "base");
    assertThat(AdapterFiles.readSpec(temp.resolve("copy")).init()).isEqualTo(spec.init());
  }

  @Test
  void an_adapter_with_invocation_tokens_works_from_their_last_occurrence_on() {
    Path folder = Oracle.path("peft/lora_alora");
    Map<String, float[]> golden = Oracle.tensors(folder.resolve("golden.safetensors"));
    LoraAdapter adapter = AdapterFiles.attach(model, folder, "default", true);
    assertThat(Oracle.worst(logits(List.of("default")), golden.get("logits"))).isLessThan(1e-4);
    AdapterOracle.checkGradients(TrainedWeights.of(adapter, "base"), golden);
    assertThatThrownBy(() -> ModelExport.merge(model, List.of("default"), temp.resolve("merged"), null, false))
        .hasMessageContaining("invocation tokens");
    assertThatThrownBy(() -> AdapterFiles.save(adapter, temp.resolve("copy"))).hasMessageContaining("not written");
  }

  private float[] logits(List<String> adapters) {
    return Oracle.logits(model, adapters, Oracle.longs(INPUTS, "input_ids"));
  }

  @Test
  void several_adapters_live_beside_each_other_and_the_pass_chooses() {
    Map<String, float[]> golden = Oracle.tensors(Oracle.path("peft/lora_multi/golden.safetensors"));
    AdapterFiles.attach(model, Oracle.path("peft/lora_multi/one"), "one", false);
    AdapterFiles.attach(model, Oracle.path("peft/lora_multi/two"), "two", false);
    assertThat(LoraAdapter.names(model)).containsExactlyInAnyOrder("one", "two");
    assertThat(Oracle.worst(logits(List.of("one")), golden.get("logits.one"))).isLessThan(1e-4);
    assertThat(Oracle.worst(logits(List.of("two")), golden.get("logits.two"))).isLessThan(1e-4);
    assertThat(Oracle.worst(logits(List.of("one", "two")), golden.get("logits.both_active"))).isLessThan(1e-4);
    assertThat(Oracle.worst(logits(List.of()), golden.get("logits.disabled"))).isLessThan(5e-5);
    LoraAdapter.of(model, "one").detach();
    assertThat(LoraAdapter.names(model)).containsExactly("two");
    assertThat(Oracle.worst(logits(List.of("two")), golden.get("logits.two"))).isLessThan(1e-4);
  }

  @ParameterizedTest
  @CsvSource({"CAT,one,two,logits.cat",
      "LINEAR,equal_rank/first,equal_rank/second,equal_rank.logits.linear",
      "TIES,equal_rank/first,equal_rank/second,equal_rank.logits.ties",
      "MAGNITUDE_PRUNE,equal_rank/first,equal_rank/second,equal_rank.logits.magnitude_prune"})
  void a_weighted_mix_is_that_of_peft(AdapterMix mix, String first, String second, String key) {
    Map<String, float[]> golden = Oracle.tensors(Oracle.path("peft/lora_multi/golden.safetensors"));
    AdapterFiles.attach(model, Oracle.path("peft/lora_multi/" + first), "a", false);
    AdapterFiles.attach(model, Oracle.path("peft/lora_multi/" + second), "b", false);
    LoraAdapter both = WeightedAdapter.add(model, "both", List.of("a", "b"), List.of(0.7, 0.4), mix, 0.5);
    assertThat(Oracle.worst(logits(List.of("both")), golden.get(key))).isLessThan(1e-4);
    AdapterFiles.save(both, temp.resolve("both"), "base");
    both.detach();
    AdapterFiles.attach(model, temp.resolve("both"), "again", false);
    assertThat(Oracle.worst(logits(List.of("again")), golden.get(key))).isLessThan(1e-4);
  }

  // logits.svd of the collection is left out: PEFT 0.21 itself gives ours from these adapters, and not that.
  @Test
  void the_svd_of_one_adapter_is_that_adapter() {
    AdapterFiles.attach(model, Oracle.path("peft/lora_multi/two"), "two", false);
    WeightedAdapter.add(model, "again", List.of("two"), List.of(1.0), AdapterMix.SVD, 1);
    assertThat(Oracle.worst(logits(List.of("again")), logits(List.of("two")))).isLessThan(2e-5);
  }

  @Test
  void a_mix_that_makes_no_sense_is_refused() {
    AdapterFiles.attach(model, Oracle.path("peft/lora_multi/one"), "one", false);
    AdapterFiles.attach(model, Oracle.path("peft/lora_multi/two"), "two", false);
    assertThatThrownBy(() -> WeightedAdapter.add(
        model, "x", List.of("one", "two"), List.of(0.5, 0.5), AdapterMix.LINEAR, 1)).hasMessageContaining("equal rank");
    assertThatThrownBy(() -> WeightedAdapter.add(model, "x", List.of("one"), List.of(), AdapterMix.CAT, 1))
        .hasMessageContaining("one finite weight");
    assertThatThrownBy(() -> WeightedAdapter.add(model, "two", List.of("one"), List.of(1.0), AdapterMix.CAT, 1))
        .hasMessageContaining("already attached");
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora", "lora_patterns", "lora_layers", "lora_exclude", "lora_regex_target"})
  void reading_and_writing_gives_the_same_bytes_and_settings(String name) throws IOException {
    Path folder = Oracle.path("peft/" + name);
    LoraAdapter adapter = AdapterFiles.attach(model, folder, "default", false);
    AdapterFiles.save(adapter, temp.resolve("copy"), "base");
    assertThat(temp.resolve("copy").resolve(AdapterFiles.WEIGHTS))
        .hasSameBinaryContentAs(folder.resolve(AdapterFiles.WEIGHTS));
    LoraSpec again = AdapterFiles.readSpec(temp.resolve("copy"));
    assertThat(again.rank()).isEqualTo(adapter.spec().rank());
    assertThat(again.rankPattern()).isEqualTo(adapter.spec().rankPattern());
    assertThat(again.select(List.copyOf(model.linears().keySet())))
        .containsExactlyInAnyOrderElementsOf(adapter.modules());
    LoraAdapter.of(model, "default").detach();
    AdapterFiles.attach(model, temp.resolve("copy"), "again", false);
    float[] golden = Oracle.tensors(folder.resolve("golden.safetensors")).get("logits");
    assertThat(Oracle.worst(logits(List.of("again")), golden)).isLessThan(1e-4);
    assertThat(Files.readString(temp.resolve("copy").resolve("adapter_config.json"))).doesNotContain("loftq");
  }

  @ParameterizedTest
  @CsvSource({"training/qwen3/dora/init,use_dora"})
  void an_option_that_is_not_there_is_refused_by_its_name(String folder, String option) {
    assertThatThrownBy(() -> AdapterFiles.attach(model, Oracle.path(folder), "default", false))
        .isInstanceOf(ModelFormatException.class).hasMessageContaining(option);
    assertThat(LoraAdapter.names(model)).isEmpty();
  }
}
