package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.Batch;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.Oracle;
import io.swiftjvm.train.objective.Objective;
import io.swiftjvm.train.objective.SftObjective;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters that PEFT saved. */
class PeftAdaptersTest {
  private static final Path INPUTS = Oracle.path("peft/inputs.safetensors");

  @TempDir
  Path temp;

  private Backend backend;
  private CausalLm model;

  @BeforeEach
  void load() {
    backend = Devices.cpu();
    model = CausalLm.load(Oracle.path("models/qwen3-untied-sharded"), backend);
  }

  @AfterEach
  void close() {
    model.close();
    backend.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "lora", "lora_patterns", "lora_layers", "lora_exclude", "lora_regex_target", "lora_lora_bias"})
  void a_saved_adapter_gives_the_logits_gradients_and_merged_weights_of_peft(String name) {
    Path folder = Oracle.path("peft/" + name);
    Map<String, float[]> golden = Oracle.tensors(folder.resolve("golden.safetensors"));
    boolean trainable = !name.equals("lora_lora_bias");
    LoraAdapter adapter = AdapterFiles.attach(model, folder, "default", trainable);
    assertThat(Oracle.worst(logits(List.of("default")), golden.get("logits"))).isLessThan(1e-4);
    assertThat(Oracle.worst(logits(List.of()), Oracle.tensors(INPUTS).get("base_logits"))).isLessThan(5e-5);
    if (trainable) {
      checkGradients(adapter, golden);
      Path merged = ModelExport.merge(model, List.of("default"), temp.resolve("merged"), DType.F32, false);
      Map<String, float[]> weights = Oracle.tensors(merged.resolve("model.safetensors"));
      golden.forEach((key, wanted) -> {
        if (key.startsWith("merged.")) {
          assertThat(Oracle.worst(weights.get(key.substring("merged.".length())), wanted)).as(key).isLessThan(1e-6);
        }
      });
    } else {
      assertThatThrownBy(() -> ModelExport.merge(model, List.of("default"), temp.resolve("merged"), null, false))
          .hasMessageContaining("lora_bias");
    }
  }

  private void checkGradients(LoraAdapter adapter, Map<String, float[]> golden) {
    long[] labels = Oracle.longs(INPUTS, "labels");
    long[] mask = new long[labels.length];
    Arrays.fill(mask, 1);
    Batch batch = Oracle.flat(1, labels.length, Oracle.longs(INPUTS, "input_ids"), mask, labels);
    try (Scope scope = new Scope(backend); Tape tape = new Tape(backend); Gradients gradients = new Gradients(backend)) {
      Pass pass = Pass.of(new Ops(backend, tape, scope), AttentionContext.packed(batch.cuSeqlens()));
      SftObjective sft = new SftObjective();
      Objective.Outcome outcome = sft.loss(model, pass, batch, sft.units(batch));
      tape.backward(outcome.loss(), scope.floats(new float[] {1}, 1), gradients);
      int seen = 0;
      for (Parameter parameter : adapter.parameters()) {
        float[] wanted = golden.get("grad.base_model.model." + parameter.name());
        if (wanted != null) {
          Tensor gradient = gradients.get(parameter.value());
          assertThat(gradient).as(parameter.name()).isNotNull();
          assertThat(Oracle.worst(gradient.toFloats(), wanted)).as(parameter.name())
              .isLessThan(2e-5 * Oracle.largest(wanted));
          seen++;
        }
      }
      long all = golden.keySet().stream().filter(key -> key.startsWith("grad.")).count();
      assertThat(seen).isEqualTo((int) all);
    }
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
    assertThat(Oracle.worst(logits(List.of("again")), Oracle.tensors(folder.resolve("golden.safetensors")).get("logits")))
        .isLessThan(1e-4);
    assertThat(Files.readString(temp.resolve("copy").resolve("adapter_config.json"))).doesNotContain("loftq");
  }

  @ParameterizedTest
  @CsvSource({"peft/lora_alora,alora_invocation_tokens", "peft/lora_olora,init_lora_weights",
      "peft/lora_pissa,init_lora_weights", "peft/lora_trainable_tokens,trainable_token_indices",
      "peft/lora_modules_to_save,modules_to_save", "peft/lora_embed,embed_tokens", "training/qwen3/dora/init,use_dora"})
  void an_option_that_is_not_there_is_refused_by_its_name(String folder, String option) {
    assertThatThrownBy(() -> AdapterFiles.attach(model, Oracle.path(folder), "default", false))
        .isInstanceOf(ModelFormatException.class).hasMessageContaining(option);
    assertThat(LoraAdapter.names(model)).isEmpty();
  }
}
