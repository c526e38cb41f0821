package io.swiftjvm.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.tuner.TunerMethod;
import io.swiftjvm.tuner.method.TunerMethods;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every argument of the table survives JSON and YAML, and says itself what it takes. */
class ArgumentsTest {
  /** A value of every argument that is not its default; null where the argument only refuses. */
  private static final Map<String, Object> OTHER = other();

  static Stream<Argument> arguments() {
    return Arguments.all().stream();
  }

  static Stream<Argument> stored() {
    return arguments().filter(a -> OTHER.containsKey(a.name()));
  }

  @Test
  void every_argument_has_a_value_in_this_test() {
    assertThat(arguments().map(Argument::name).filter(n -> !OTHER.containsKey(n)))
        .containsExactlyInAnyOrder("lazy_tokenize", "group_by_length", "loftq_bits", "target_parameters", "reft_args",
            "gpu_ids");
  }

  @ParameterizedTest
  @MethodSource("stored")
  void a_value_survives_json_and_yaml(Argument argument) {
    Settings settings = Arguments.apply(Settings.DEFAULT, given(argument, OTHER.get(argument.name())));
    Map<String, Object> flat = Arguments.flat(settings);
    assertThat(settings).isNotEqualTo(Settings.DEFAULT);
    assertThat(flat).containsKey(argument.name());
    Settings json = Arguments.apply(Settings.DEFAULT, PlanFiles.parse(PlanFiles.toJson(flat), false, "test"));
    Settings yaml = Arguments.apply(Settings.DEFAULT, PlanFiles.parse(PlanFiles.toYaml(flat), true, "test"));
    assertThat(json).isEqualTo(settings);
    assertThat(yaml).isEqualTo(settings);
  }

  @Test
  void all_arguments_together_survive_json_and_yaml() {
    Settings settings = Arguments.apply(Settings.DEFAULT, OTHER.entrySet().stream()
        .filter(e -> !List.of("target_modules", "tuner_type", "use_dora", "warmup_ratio", "enable_dft_loss").contains(e.getKey()))
        .filter(e -> !e.getKey().contains("galore") && owner(e.getKey()).isEmpty())
        .collect(LinkedHashMap::new, (m, e) -> m.put(e.getKey(), e.getValue()), Map::putAll));
    Map<String, Object> flat = Arguments.flat(settings);
    assertThat(Arguments.apply(Settings.DEFAULT, PlanFiles.parse(PlanFiles.toJson(flat), false, "test"))).isEqualTo(settings);
    assertThat(Arguments.apply(Settings.DEFAULT, PlanFiles.parse(PlanFiles.toYaml(flat), true, "test"))).isEqualTo(settings);
    assertThat(Arguments.flat(settings)).isEqualTo(flat);
  }

  @ParameterizedTest
  @MethodSource("stored")
  void the_text_of_a_value_means_the_value(Argument argument) {
    Object value = OTHER.get(argument.name());
    Object text = value instanceof Map || value instanceof List ? PlanFiles.toJson(Map.of("x", value))
        .replaceFirst("(?s)^\\{\\s*\"x\"\\s*:", "").replaceFirst("(?s)\\}\\s*$", "").strip() : value.toString();
    Map<String, Object> written = given(argument, value);
    written.remove(argument.name());
    written.put(argument.name().replace('_', '-'), text);
    assertThat(Arguments.apply(Settings.DEFAULT, written))
        .isEqualTo(Arguments.apply(Settings.DEFAULT, given(argument, value)));
  }

  @Test
  void gpu_ids_is_another_way_to_name_one_device() {
    Settings settings = Arguments.apply(Settings.DEFAULT, Map.of("gpu_ids", "1"));
    assertThat(settings.device()).isEqualTo("cuda:1");
    assertThat(Arguments.flat(settings)).containsEntry("device", "cuda:1").doesNotContainKey("gpu_ids");
    assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT, Map.of("gpu_ids", "0,1")))
        .isInstanceOf(InvalidPlanException.class).hasMessageContainingAll("gpu_ids", "'0,1'", "one device");
  }

  /** The method that has this setting, if LoRA has it not. */
  private static Optional<String> owner(String name) {
    List<String> owners = TunerMethods.all().stream()
        .filter(method -> method.settings().stream().anyMatch(setting -> setting.name().equals(name)))
        .map(TunerMethod::name).toList();
    return owners.isEmpty() || owners.contains("lora") ? Optional.empty() : Optional.of(owners.getLast());
  }

  /** A value together with what it needs beside it. */
  private static Map<String, Object> given(Argument argument, Object value) {
    Map<String, Object> given = new LinkedHashMap<>();
    owner(argument.name()).ifPresent(tuner -> given.put("tuner_type", tuner));
    if (argument.name().startsWith("galore_")) {
      given.put("use_galore", true);
      given.put("tuner_type", "full");
      given.put("galore_quantization", true);
    }
    if (argument.name().equals("optim_args")) {
      given.put("optim", "sgd");
    }
    given.put(argument.name(), value);
    return given;
  }

  @ParameterizedTest
  @MethodSource("arguments")
  void an_alias_means_the_argument(Argument argument) {
    for (String alias : argument.aliases()) {
      assertThat(Arguments.find(alias)).containsSame(argument);
      assertThat(Arguments.find(alias.replace('_', '-'))).containsSame(argument);
      assertThat(Arguments.canonical(Map.of(alias, 1))).containsOnlyKeys(argument.name());
    }
    assertThat(argument.help()).isNotBlank();
    assertThat(argument.toString()).isNotBlank();
  }

  @Test
  void tuner_type_counts_before_the_arguments_of_the_tuner_whatever_the_order() {
    Map<String, Object> given = new LinkedHashMap<>();
    given.put("lora_rank", 4);
    given.put("train_type", "full");
    assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT, given)).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("lora_rank").hasMessageContaining("full");
    assertThat(Arguments.flat(Arguments.apply(Settings.DEFAULT, Map.of("tuner_type", "full"))))
        .containsEntry("tuner_type", "full").doesNotContainKeys("lora_rank", "lora_alpha", "target_modules");
  }

  private static Map<String, Object> other() {
    Map<String, Object> map = new LinkedHashMap<>();
    for (Argument argument : Arguments.all()) {
      Object now = argument.get().apply(Settings.DEFAULT);
      switch (argument.kind()) {
        case INTEGER -> map.put(argument.name(), now instanceof Number n ? n.longValue() + 3 : 7L);
        case NUMBER -> map.put(argument.name(), now instanceof Number n && n.doubleValue() > 1 ? 2.5 : 0.375);
        case SWITCH -> map.put(argument.name(), !Boolean.TRUE.equals(now));
        case TEXTS -> map.put(argument.name(), List.of("one", "two, three"));
        case TEXT -> map.put(argument.name(), "ein Wort: # ünd \"mehr\"");
        case MAP -> map.put(argument.name(), Map.of("a", "b"));
      }
    }
    map.put("backup_dir", "copies of it");
    map.put("recompute_granularity", "full");
    map.putAll(Map.of("task_type", "pt", "torch_dtype", "bfloat16", "device", "cpu", "truncation_strategy", "left",
        "lr_scheduler_type", "cosine_with_restarts", "output_dir", "some where", "resume_from_checkpoint", "some/checkpoint-5",
        "non_finite", "skip", "tuner_type", "full", "init_weights", "gaussian"));
    map.putAll(Map.of("rank_pattern", Map.of("q_proj", 3), "alpha_pattern", Map.of("v_proj", 2.5), "layers_to_transform",
        List.of("0", "2"), "stop_token_ids", List.of("5", "6"), "layers_pattern", "layers"));
    map.putAll(Map.of("quant_method", "swift", "quant_bits", 8L, "bnb_4bit_quant_type", "nf4"));
    map.putAll(Map.of("optim", "sgd", "optim_args", "momentum=0.9", "galore_proj_type", "left", "galore_proj_bits", 4L,
        "galore_proj_group_size", 128L, "galore_gamma_proj", 3L));
    map.put("lr_scheduler_kwargs", Map.of("num_cycles", 0.25));
    map.putAll(Map.of("interleave_prob", List.of("0.25", "0.75"), "stopping_strategy", "all_exhausted",
        "packing_strategy", "sequential"));
    map.put("report_to", List.of("html"));
    map.putAll(Map.of("repetition_penalty", 1.25, "num_train_epochs", 1.5, "lorap_lr_ratio", 4.0,
        "target_regex", "model\\.layers\\.[01]\\..*_proj"));
    map.putAll(Map.of("trainable_token_indices", List.of("5", "6"), "xlora_adapters", List.of("a=some", "b=other"),
        "freeze_parameters_regex", "norm", "trainable_parameters_regex", "head", "road_variant", 2L, "road_group_size", 8L));
    map.putAll(Map.of("lora_bias", "all", "reft_layers", List.of("0", "2"), "reft_intervention_type", "NoreftIntervention",
        "adapter_act", "relu"));
    map.putAll(Map.of("problem_type", "regression", "mrl_dims", Map.of("64", 1.5), "lora_ga_direction", "ArBr",
        "lora_ga_scale", "unit", "group_size_ratio", 0.25, "group_size_length", 16L));
    map.keySet().removeAll(List.of("lazy_tokenize", "group_by_length", "target_parameters", "reft_args", "loftq_bits", "gpu_ids"));
    return map;
  }
}
