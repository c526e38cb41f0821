package io.swiftjvm.tuner.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.train.AdapterOracle;
import io.swiftjvm.train.OnTinyModel;
import io.swiftjvm.train.Oracle;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.Adapters;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters of every method that PEFT saved. */
class PeftTunersTest extends OnTinyModel {
  @ParameterizedTest
  @ValueSource(strings = {
      "loha", "lokr", "lokr_full", "lokr_both", "vera", "fourierft", "miss", "adalora", "delora", "gralora", "shira",
      "c3a", "ia3", "hra", "road", "oft", "oft_neumann", "oft_share", "boft", "vblora", "randlora", "dora",
      "ln_tuning", "trainable_tokens", "variants/adalora_rank", "variants/boft_num", "variants/dora_rs",
      "variants/gralora_hybrid", "variants/lokr_fac", "variants/lokr_odd",
      "variants/hra_orthogonal", "variants/miss_bat", "variants/miss_mini", "variants/miss_pad", "variants/oft_adjust",
      "variants/oft_r", "variants/randlora_many", "variants/road_1", "variants/road_4", "variants/vblora_many",
      "variants/vera_many"})
  void a_saved_adapter_gives_the_logits_gradients_and_merged_weights_of_peft(String name) {
    Path folder = Oracle.path("peft/" + name);
    Map<String, float[]> golden = Oracle.tensors(folder.resolve("golden.safetensors"));
    TunerAdapter adapter = TunerFiles.attach(model, folder, "default", true);
    assertThat(Oracle.worst(logits(List.of("default")), golden.get("logits"))).isLessThan(1e-4);
    if (adapter.spec() instanceof ProjectionSpec) {
      checkBase();
    }
    // PEFT's C3A differentiates by its input wrongly (torch's gradcheck says so), so gradients further in differ.
    if (!name.equals("c3a")) {
      AdapterOracle.checkGradients(TrainedWeights.of(adapter, "base"), golden);
    }
    AdapterOracle.checkMerged(model, golden, temp.resolve("merged"), 1e-6);
    TunerFiles.save(adapter, temp.resolve("copy"), "base");
    assertThat(temp.resolve("copy").resolve(AdapterFiles.WEIGHTS))
        .hasSameBinaryContentAs(folder.resolve(AdapterFiles.WEIGHTS));
    assertThat(retargeted(TunerFiles.readSpec(temp.resolve("copy")), adapter.spec())).isEqualTo(adapter.spec());
    adapter.detach();
    checkBase();
    assertThat(Adapters.names(model)).isEmpty();
    TunerFiles.attach(model, temp.resolve("copy"), "again", false);
    assertThat(Oracle.worst(logits(List.of("again")), golden.get("logits"))).isLessThan(1e-4);
  }

  @ParameterizedTest
  @CsvSource({"prompt,true", "prefix,true", "ptuning_mlp,false", "prefix_projection,false"})
  void a_saved_prompt_gives_the_logits_and_gradients_of_peft(String name, boolean trainable) {
    Path folder = Oracle.path("peft/" + name);
    Map<String, float[]> golden = Oracle.tensors(folder.resolve("golden.safetensors"));
    TunerAdapter adapter = TunerFiles.attach(model, folder, "default", trainable);
    assertThat(Oracle.worst(AdapterOracle.logits(adapter), golden.get("logits"))).isLessThan(1e-4);
    if (trainable) {
      AdapterOracle.checkGradients(TrainedWeights.of(adapter, "base"), golden);
    }
    TunerFiles.save(adapter, temp.resolve("copy"), "base");
    assertThat(temp.resolve("copy").resolve(AdapterFiles.WEIGHTS))
        .hasSameBinaryContentAs(folder.resolve(AdapterFiles.WEIGHTS));
    assertThat(TunerFiles.readSpec(temp.resolve("copy"))).isEqualTo(adapter.spec());
    if (!trainable) {
      assertThatThrownBy(() -> TunerFiles.attach(model, folder, "other", true))
          .isInstanceOf(ModelFormatException.class).hasMessageContaining("not trained on");
    }
    adapter.detach();
    checkBase();
  }

  /** The settings with the targets of others: what is saved names exactly what was attached. */
  static TunerSpec retargeted(TunerSpec spec, TunerSpec other) {
    return spec instanceof TargetedSpec a && other instanceof TargetedSpec b ? a.targets(b.targets()) : spec;
  }

  private void checkBase() {
    assertThat(Oracle.worst(logits(List.of()), Oracle.tensors(AdapterOracle.INPUTS).get("base_logits")))
        .isLessThan(5e-5);
  }

  private float[] logits(List<String> adapters) {
    return Oracle.logits(model, adapters, Oracle.longs(AdapterOracle.INPUTS, "input_ids"));
  }
}
