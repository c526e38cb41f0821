package io.swiftjvm.plan;

import static io.swiftjvm.plan.PlanChecks.legal;
import static io.swiftjvm.plan.PlanChecks.refused;
import static io.swiftjvm.plan.PlanChecks.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every illegal combination is refused when the plan is built, and its legal neighbour is not. */
class PlanRulesTest {
  @TempDir
  Path temp;

  @ParameterizedTest
  @ValueSource(strings = {"", "  "})
  void no_model_is_refused(String model) {
    refused(Map.of("model", model), "no model", "--model");
    assertThatThrownBy(() -> PlanRules.check(Settings.DEFAULT)).hasMessageContaining("no model");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpu", "CPU", "cuda:x", "cuda:-1", ":0"})
  void a_device_of_no_known_kind_is_refused(String device) {
    refused(Map.of("device", device), "device", "'" + device + "'", "cpu");
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "cpu", "cuda", "npu", "mps", "cuda:7"})
  void known_devices_are_legal_in_a_plan_wherever_it_will_run(String device) {
    legal(Map.of("device", device));
  }

  @ParameterizedTest
  @ValueSource(ints = {1025, 100_000})
  void a_row_longer_than_the_model_allows_is_refused(int length) {
    refused(Map.of("max_length", length), "max_length is " + length, "1024");
    legal(Map.of("max_length", 1024));
  }

  @ParameterizedTest
  @ValueSource(strings = {"nowhere", "no/where"})
  void a_model_that_is_not_there_is_refused(String model) {
    refused(Map.of("model", model), model);
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "{\"model_type\": \"mamba\"}", "{}", "[]", "{\"model_type\": \"qwen3\"",
      "{\"model_type\": \"qwen3\", \"quantization_config\": {\"quant_method\": \"awq\"}}"})
  void a_model_that_cannot_be_used_is_refused(String config) throws Exception {
    Files.writeString(temp.resolve("config.json"), config);
    refused(Map.of("model", temp.toString()), temp.getFileName().toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"nowhere", ""})
  void an_adapter_that_is_not_there_is_refused(String adapter) {
    refused(Map.of("adapters", List.of(adapter)), "adapters", "adapter_config.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"bfloat16", "float16"})
  void full_tuning_in_half_precision_is_refused(String dtype) {
    refused(Map.of("torch_dtype", dtype, "tuner_type", "full"), "torch_dtype is " + dtype, "full");
    legal(Map.of("torch_dtype", dtype));
    legal(Map.of("torch_dtype", "float32", "tuner_type", "full"));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 64})
  void a_pack_length_without_packing_is_refused(int length) {
    refused(Map.of("packing_length", length), "packing_length is " + length, "--packing true");
    legal(Map.of("packing_length", length, "packing", true));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 63})
  void a_pack_shorter_than_a_row_is_refused(int length) {
    refused(Map.of("packing_length", length, "max_length", 64, "packing", true), "packing_length is " + length, "64");
    legal(Map.of("packing_length", 64, "max_length", 64, "packing", true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sft", "causal_lm"})
  void splitting_conversations_is_refused(String task) {
    refused(Map.of("truncation_strategy", "split", "task_type", task), "truncation_strategy split", "pt");
    legal(Map.of("truncation_strategy", "split", "task_type", "pt"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "You are helpful."})
  void a_system_text_in_pre_training_is_refused(String system) {
    refused(Map.of("system", system, "task_type", "pt"), "system", "pre-training");
    legal(Map.of("system", system));
  }

  @Test
  void a_granularity_of_what_is_not_computed_again_is_refused() {
    refused(Map.of("recompute_granularity", "full", "gradient_checkpointing", false), "recompute_granularity is full",
        "--gradient_checkpointing true");
    legal(Map.of("recompute_granularity", "full"));
    // a plan that was written down names the default too
    legal(Map.of("recompute_granularity", "selective", "gradient_checkpointing", false));
  }

  @Test
  void a_path_that_no_file_system_has_is_refused() {
    refused(Map.of("model", "a\0b"), "a");
    refused(Map.of("adapters", "a\0b"), "adapters");
  }

  @Test
  void all_conflicts_are_told_at_once() {
    assertThatThrownBy(() -> PlanRules.check(settings(Map.of("device", "tpu", "packing_length", 8, "max_length", 16))))
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(3));
  }
}
