package io.swiftjvm.tuner.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.train.AdapterOracle;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.OnTinyModel;
import io.swiftjvm.train.Oracle;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainJob;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.Adapters;
import io.swiftjvm.tuner.ModelExport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** LoRA adapters weighted by token. */
class XLoraTest extends OnTinyModel {
  private static final Path GOLDEN = Oracle.path("peft/xlora");

  /** The folder as PEFT should have saved it: its own file lacks the first layer of the classifier. */
  private Path repaired() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("xlora"));
    Files.copy(GOLDEN.resolve("xlora/adapter_config.json"), folder.resolve("adapter_config.json"));
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile golden = SafetensorsFile.open(GOLDEN.resolve("golden.safetensors"))) {
      for (String name : golden.names()) {
        if (name.startsWith("param.")) {
          writer.add(name.substring("param.".length()), golden.entry(name).shape(), golden.entry(name).floats());
        }
      }
    }
    writer.write(folder.resolve(AdapterFiles.WEIGHTS));
    for (String adapter : List.of("adapter0", "adapter1")) {
      Path copy = Files.createDirectories(temp.resolve(adapter));
      for (String file : List.of("adapter_config.json", AdapterFiles.WEIGHTS)) {
        Files.copy(GOLDEN.resolve(adapter).resolve(file), copy.resolve(file));
      }
    }
    return folder;
  }

  @Test
  void a_saved_mix_gives_the_logits_of_peft_and_cannot_be_merged() throws IOException {
    TunerAdapter adapter = TunerFiles.attach(model, repaired(), "default", true);
    float[] golden = Oracle.tensors(GOLDEN.resolve("golden.safetensors")).get("logits");
    double worst = Oracle.worst(AdapterOracle.logits(adapter), golden);
    assertThat(worst).isLessThan(1e-4);
    assertThatThrownBy(() -> ModelExport.merge(model, List.of("default"), temp.resolve("merged"), null, false))
        .hasMessageContaining("by token");
    TunerFiles.save(adapter, temp.resolve("copy"), "base");
    assertThat(temp.resolve("copy").resolve(AdapterFiles.WEIGHTS))
        .hasSameBinaryContentAs(temp.resolve("xlora").resolve(AdapterFiles.WEIGHTS));
    assertThat(TunerFiles.readSpec(temp.resolve("copy"))).isEqualTo(adapter.spec());
    adapter.detach();
    assertThat(Adapters.names(model)).containsExactly("0", "1");
  }

  @Test
  void the_file_that_peft_writes_is_refused_because_it_lacks_a_layer() {
    assertThatThrownBy(() -> TunerFiles.attach(model, GOLDEN.resolve("xlora"), "default", false))
        .isInstanceOf(ModelFormatException.class).hasMessageContaining("internal_xlora_classifier.layers.0");
  }

  @Test
  void a_fresh_mix_learns_which_adapter_to_use() {
    AdapterFiles.attach(model, GOLDEN.resolve("adapter0"), "one", false);
    AdapterFiles.attach(model, GOLDEN.resolve("adapter1"), "two", false);
    Map<String, String> mixed = new LinkedHashMap<>();
    mixed.put("one", "adapter0");
    mixed.put("two", "adapter1");
    for (boolean layerwise : new boolean[] {true, false}) {
      XLoraSpec spec = new XLoraSpec(mixed, 2, 8, layerwise, true, 1, 1, 0.5, 0);
      TunerAdapter adapter = new TunerTransform("default", spec, 1).attach(model);
      List<Double> losses = new ArrayList<>();
      TrainSpec settings = TrainSpec.DEFAULT.optim(o -> o.learningRate(1e-2)).gradientCheckpointing(true);
      TrainJob.of(TrainedWeights.of(adapter, "base"), settings,
          BatchSource.cycle(List.of(List.of(AdapterOracle.batch())), 6, "inputs")).listener(event -> {
            if (event instanceof TrainEvent.StepEnd end) {
              losses.add(end.loss());
            }
          }).run();
      assertThat(losses.getLast()).isLessThan(losses.getFirst());
      adapter.detach();
    }
    assertThatThrownBy(() -> new TunerTransform("x", XLoraSpec.of(Map.of("nobody", "x")), 1).attach(model))
        .hasMessageContaining("nobody");
  }
}
