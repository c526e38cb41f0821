package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.train.Oracle;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters on mixtures of experts, made by {@code benchmarks/families/moe_adapter.py}. */
class MoeAdaptersTest {
  @TempDir
  Path temp;

  @ParameterizedTest
  @ValueSource(strings = {"qwen3-moe", "deepseek-v3"})
  void an_adapter_of_peft_on_stacked_experts_and_routers_gives_its_logits_alone_and_merged(String name) {
    Path folder = Oracle.path("peft_moe/" + name);
    long[] ids = Oracle.longs(folder.resolve("golden.safetensors"), "input_ids");
    float[] golden = Oracle.tensors(folder.resolve("golden.safetensors")).get("logits");
    try (Backend backend = Devices.cpu(2); CausalLm model = CausalLm.load(Oracle.path("models/" + name), backend)) {
      float[] bare = Oracle.logits(model, List.of(), ids);
      AdapterFiles.attach(model, folder, "default", false);
      assertThat(Oracle.worst(Oracle.logits(model, List.of("default"), ids), golden)).isLessThan(1e-4);
      assertThat(Oracle.worst(Oracle.logits(model, List.of(), ids), bare)).isZero();
      ModelExport.merge(model, List.of("default"), temp.resolve("merged"), DType.F32, false);
      try (CausalLm merged = CausalLm.load(temp.resolve("merged"), backend)) {
        assertThat(Oracle.worst(Oracle.logits(merged, List.of(), ids), golden)).isLessThan(1e-4);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3-moe", "deepseek-v3", "gpt-oss", "qwen3-next"})
  void an_adapter_on_all_projections_leaves_routers_and_head_alone_and_comes_back_from_its_files(String name) {
    try (Backend backend = Devices.cpu(2); CausalLm model = CausalLm.load(Oracle.path("models/" + name), backend)) {
      LoraAdapter adapter = new LoraTransform(LoraSpec.DEFAULT.rank(2), 1).attach(model);
      assertThat(adapter.modules()).noneMatch(path -> path.endsWith(".gate") || path.endsWith("router")
          || path.equals("lm_head")).anyMatch(path -> path.contains("self_attn"));
      AdapterFiles.save(adapter, temp.resolve("adapter"), "base");
      adapter.detach();
      assertThat(AdapterFiles.attach(model, temp.resolve("adapter"), "again", true).modules())
          .isEqualTo(adapter.modules());
    }
  }

  @Test
  void an_adapter_of_another_number_of_experts_is_refused() {
    try (Backend backend = Devices.cpu(1); CausalLm model = CausalLm.load(Oracle.path("models/qwen3-next"), backend)) {
      assertThatThrownBy(() -> AdapterFiles.attach(model, Oracle.path("peft_moe/qwen3-moe"), "x", false))
          .isInstanceOf(ModelFormatException.class).hasMessageContaining("fit no experts");
    }
  }
}
