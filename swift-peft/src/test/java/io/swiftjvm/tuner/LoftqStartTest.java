package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.Oracle;
import io.swiftjvm.train.TrainedWeights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoftqStartTest {
  private static final Map<String, float[]> GOLDEN =
      Oracle.tensors(Oracle.path("peft/variants/loftq.safetensors"));
  private static final String PATH = "model.layers.1.self_attn.k_proj";
  private static final long[] IDS = {5, 17, 300, 9, 41, 8};
  private static final LoraSpec SPEC = LoraSpec.DEFAULT.rank(4).alpha(4).init(LoraInit.LOFTQ);

  @ParameterizedTest
  @CsvSource({"1,4", "3,4", "3,32"})
  void weight_and_product_are_those_of_peft_whatever_alpha_is(int iters, double alpha) {
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend);
        Scope scope = new Scope(backend)) {
      LoraAdapter adapter = new LoraTransform(SPEC.alpha(alpha).loftq(l -> l.iters(iters)), 1).attach(model);
      LoraPart part = adapter.parts().get(PATH);
      Tensor weight = model.linears().get(PATH).base().weight().value();
      assertThat(weight.dtype()).isEqualTo(DType.NF4);
      Tensor plain = scope.floats(weight.shape());
      backend.cast(weight, plain);
      assertThat(Oracle.worst(plain.toFloats(), GOLDEN.get("weight." + iters))).isLessThan(1e-6);
      Tensor product = scope.floats(weight.shape());
      backend.matmul(part.b().value().detached(), false, part.a().value().detached(), false, product, part.scale(), 0);
      assertThat(Oracle.worst(product.toFloats(), GOLDEN.get("product." + iters))).isLessThan(1e-5);
      assertThat(Oracle.worst(last(model), GOLDEN.get("logits." + iters))).isLessThan(1e-4);
    }
  }

  @Test
  void a_saved_adapter_is_loaded_taken_off_and_merged(@TempDir Path temp) throws Exception {
    try (Backend backend = Devices.cpu(); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      float[] before = last(model);
      LoraAdapter adapter = new LoraTransform(SPEC.loftq(l -> l.iters(2)), 1).attach(model);
      float[] start = last(model);
      assertThat(Oracle.worst(start, before)).isGreaterThan(1e-3);
      assertThat(TrainedWeights.of(adapter, "base").parameters()).hasSize(2 * adapter.modules().size());
      assertThatThrownBy(() -> new LoraTransform("other", LoraSpec.DEFAULT, 1).attach(model))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("loftq");
      AdapterFiles.save(adapter, temp.resolve("saved"), "base");
      assertThat(Files.readString(temp.resolve("saved").resolve(AdapterFiles.CONFIG)))
          .contains("\"init_lora_weights\" : \"loftq\"", "\"loftq_iter\" : 2");
      ModelExport.merge(model, List.of("default"), temp.resolve("merged"), null, false);
      adapter.detach();
      assertThat(last(model)).isEqualTo(before);
      assertThat(AdapterFiles.attach(model, temp.resolve("saved"), "default", true).spec().loftq().iters()).isEqualTo(2);
      assertThat(last(model)).isEqualTo(start);
      try (CausalLm merged = CausalLm.load(temp.resolve("merged"), backend)) {
        assertThat(merged.linears().get(PATH).base().weight().value().dtype()).isEqualTo(DType.F32);
        assertThat(Oracle.worst(Oracle.logits(merged, List.of(), IDS), Oracle.logits(model, List.of("default"), IDS)))
            .isLessThan(1e-4);
      }
    }
  }

  @Test
  void what_it_cannot_do_is_refused() {
    assertThatThrownBy(() -> SPEC.loftq(l -> l.bits(8))).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("loftq_bits is 8");
    LoftqStart.check("q_proj", 64, 48);
    assertThatThrownBy(() -> LoftqStart.check("q_proj", 64, 40)).hasMessageContaining("whole 16s");
    assertThatThrownBy(() -> LoftqStart.check("q_proj", 3, 16)).hasMessageContaining("blocks of 64");
    assertThatThrownBy(() -> SPEC.loftq(l -> l.iters(0))).hasMessageContaining("loftq_iter 0");
    try (Backend backend = Devices.cpu(); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      io.swiftjvm.quant.QuantSpec.nf4().apply(model);
      assertThatThrownBy(() -> new LoraTransform(SPEC, 1).attach(model)).isInstanceOf(InvalidPlanException.class)
          .hasMessageContaining("quant_method");
    }
  }

  private static float[] last(CausalLm model) {
    List<String> adapters = Adapters.names(model);
    float[] logits = Oracle.logits(model, adapters, IDS);
    return Arrays.copyOfRange(logits, logits.length - GOLDEN.get("logits.1").length, logits.length);
  }
}
