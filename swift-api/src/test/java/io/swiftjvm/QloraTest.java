package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.quant.QuantSpec;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QloraTest {
  private static final Path RUNS = OracleFiles.path("rl_training/qwen3");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  private Path rows() throws IOException {
    List<String> lines = new ArrayList<>();
    try (SafetensorsFile data = SafetensorsFile.open(RUNS.resolve("data.safetensors"))) {
      long[] ids = data.entry("input_ids").longs();
      long[] mask = data.entry("attention_mask").longs();
      long[] completion = data.entry("completion_mask").longs();
      int columns = (int) data.entry("input_ids").shape()[1];
      for (int from = 0; from < ids.length; from += columns) {
        List<Long> row = new ArrayList<>();
        List<Long> labels = new ArrayList<>();
        for (int i = from; i < from + columns; i++) {
          if (mask[i] == 1) {
            row.add(ids[i]);
            labels.add(completion[i] == 1 ? ids[i] : -100);
          }
        }
        lines.add("{\"input_ids\":" + row + ",\"labels\":" + labels + "}");
      }
    }
    return Files.write(folder.resolve("rows.jsonl"), lines);
  }

  private Recipe recipe(Path rows) {
    return Swift.model(OracleFiles.path("models/qwen3").toString())
        .adapters(RUNS.resolve("qlora_nf4/init"))
        .with("max_steps", 10).with("per_device_train_batch_size", 6).with("gradient_accumulation_steps", 1)
        .with("learning_rate", 0.002).with("lr_scheduler_type", "constant").with("weight_decay", 0.01)
        .with("adam_beta2", 0.999).with("lora_dropout", 0.0).with("dataset_shuffle", false)
        .with("train_dataloader_shuffle", false).with("output_dir", folder.resolve("out").toString())
        .with("dataset", List.of(rows.toString()));
  }

  @Test
  void adapters_on_an_nf4_base_learn_step_by_step_as_in_the_reference() throws IOException {
    JsonNode golden = JSON.readTree(RUNS.resolve("qlora_nf4/golden.json").toFile());
    try (Run run = recipe(rows()).quantize(QuantSpec.nf4().doubleQuant(false)).plan().train()) {
      assertThat(run.result()).isPresent();
      assertThatThrownBy(() -> run.export(folder.resolve("merged"), false)).isInstanceOf(InvalidPlanException.class)
          .hasMessageContaining("without");
    }
    List<String> log = Files.readAllLines(folder.resolve("out/logging.jsonl"));
    assertThat(log).hasSize(11);
    for (int i = 0; i < 10; i++) {
      JsonNode step = JSON.readTree(log.get(i));
      double loss = golden.get("loss").get(i).asDouble();
      double norm = golden.get("grad_norm").get(i).asDouble();
      assertThat(step.get("loss").asDouble()).isCloseTo(loss, within(1e-5 * loss));
      assertThat(step.get("grad_norm").asDouble()).isCloseTo(norm, within(1e-4 * norm));
    }
  }

  @Test
  void quantised_weights_are_not_trained_and_unknown_kinds_are_refused() throws IOException {
    Path rows = rows();
    assertThatThrownBy(() -> recipe(rows).full().quantize(QuantSpec.nf4()).plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("quantised weights cannot be trained");
    assertThatThrownBy(() -> recipe(rows).with("quant_method", "gptq").plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("quant_method gptq");
    assertThatThrownBy(() -> recipe(rows).with("quant_bits", 4).plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("without quant_method");
  }
}
