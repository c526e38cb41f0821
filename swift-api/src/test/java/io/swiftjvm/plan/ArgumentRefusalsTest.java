package io.swiftjvm.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A wrong name or value is refused by name, with what is legal, and all at once. */
class ArgumentRefusalsTest {
  static Stream<Argument> typed() {
    return Arguments.all().stream()
        .filter(a -> a.kind() != Argument.Kind.TEXT && a.kind() != Argument.Kind.TEXTS);
  }

  static Stream<Argument> all() {
    return Arguments.all().stream();
  }

  @ParameterizedTest
  @MethodSource("typed")
  void a_value_of_another_type_is_refused_by_name(Argument argument) {
    assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT, Map.of(argument.name(), "abc")))
        .isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("--" + argument.name()).hasMessageContaining("'abc'");
  }

  @ParameterizedTest
  @MethodSource("all")
  void a_value_of_another_structure_is_refused_by_name(Argument argument) {
    Object wrong = argument.kind() == Argument.Kind.MAP ? List.of("a", "b") : Map.of("a", List.of("b"));
    assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT, Map.of(argument.name(), wrong)))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("--" + argument.name());
  }

  @ParameterizedTest
  @CsvSource({
      "lora_rank, 0", "lora_rank, -1", "lora_rank, 1e12", "lora_alpha, 0", "lora_dropout, 1", "lora_dropout, -0.1",
      "lorap_lr_ratio, 0", "target_regex, '('", "init_weights, nonsense", "lora_bias, nonsense",
      "rank_pattern, '{\"q_proj\": 0}'", "rank_pattern, '{\"q_proj\": 1.5}'", "alpha_pattern, '{\"q_proj\": \"x\"}'",
      "layers_to_transform, one", "stop_token_ids, '1,2'", "tuner_type, nonsense", "learning_rate, -1",
      "learning_rate, 0", "learning_rate, NaN", "learning_rate, 1e999", "adam_beta1, 1", "adam_beta2, -1",
      "adam_epsilon, 0", "weight_decay, -1", "max_grad_norm, -1", "optim, nonsense", "lr_scheduler_type, zigzag",
      "warmup_steps, -1", "warmup_ratio, 1", "per_device_train_batch_size, 0", "gradient_accumulation_steps, 0",
      "num_train_epochs, 0", "max_steps, 0", "max_steps, -5", "max_steps, 1.5", "save_steps, -1", "save_total_limit, 0",
      "eval_steps, -1", "logging_steps, 0", "non_finite, ignore", "seed, 99999999999999999999", "task_type, nonsense",
      "torch_dtype, int8", "num_threads, 0", "max_length, 1", "packing_length, 0", "truncation_strategy, middle",
      "split_dataset_ratio, 1", "split_dataset_ratio, -0.5", "interleave_prob, '[0.5, 0.6]'", "interleave_prob, '[one]'",
      "interleave_prob, '[0, 1]'", "stopping_strategy, never", "packing_strategy, bestfit", "max_tokens_per_batch, 1", "shuffle_buffer_size, 0", "max_drop_ratio, 1.5", "max_drop_ratio, -1", "max_new_tokens, 0", "temperature, -1", "top_p, 0",
      "top_p, 1.5", "min_p, 2", "repetition_penalty, 0", "presence_penalty, 3", "frequency_penalty, -3",
      "num_threads, 4294967297", "dataset_shuffle, perhaps", "lr_scheduler_kwargs, '{\"a\"'",
      "lr_scheduler_kwargs, '{\"a\": 1}'", "columns, '[1]'", "columns, '{\"a\": null}'", "dataset, '[1,]'"})
  void a_value_out_of_range_is_refused_by_name(String name, String value) {
    assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT, Map.of(name, value)))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining(name);
  }

  @ParameterizedTest
  @CsvSource({
      "lora_rnk, lora_rank", "lerning_rate, learning_rate", "max-lenght, max_length", "dtaset, dataset",
      "tuner_typ, tuner_type", "warmup_step, warmup_steps", "packing_len, packing_length"})
  void an_unknown_name_is_refused_with_the_nearest_one(String wrong, String right) {
    assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT, Map.of(wrong, 1)))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("'" + wrong + "'")
        .hasMessageContaining("'" + right + "'");
  }

  @Test
  void every_wrong_name_and_value_is_told_in_one_message() {
    assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT,
        Map.of("lora_rank", 0, "max_steps", "many", "no_such_thing_at_all", true)))
        .hasMessageContaining("lora_rank").hasMessageContaining("max_steps").hasMessageContaining("no_such_thing_at_all");
  }

  @Test
  void a_number_that_is_not_finite_is_refused_whatever_its_type() {
    for (String name : List.of("temperature", "lora_alpha", "weight_decay", "presence_penalty", "num_train_epochs")) {
      for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
        assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT, Map.of(name, value)))
            .isInstanceOf(InvalidPlanException.class).hasMessageContaining(name);
      }
    }
  }

  @Test
  void a_path_that_no_file_system_has_is_refused_by_name() {
    for (String name : List.of("output_dir", "resume_from_checkpoint")) {
      assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT, Map.of(name, "a\0b")))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining(name);
    }
  }

  @Test
  void the_settings_of_a_curve_may_come_before_its_name() {
    Map<String, Object> given = new LinkedHashMap<>();
    given.put("lr_scheduler_kwargs", Map.of("power", 2.0));
    given.put("lr_scheduler_type", "polynomial");
    assertThat(Arguments.apply(Settings.DEFAULT, given).train().schedule().settings()).containsEntry("power", 2.0);
  }

  @Test
  void projections_by_name_and_by_pattern_together_are_refused() {
    Map<String, Object> both = Map.of("target_modules", "q_proj", "target_regex", ".*v_proj");
    assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT, both))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("target_modules")
        .hasMessageContaining("target_regex");
  }

  @ParameterizedTest
  @CsvSource({"train_type, tuner_type", "lora-rank, lora_rank"})
  void an_argument_under_two_of_its_names_is_refused(String one, String two) {
    assertThatThrownBy(() -> Arguments.apply(Settings.DEFAULT, Map.of(one, "lora", two, "lora")))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining(two).hasMessageContaining("twice");
  }

  @Test
  void a_text_in_brackets_is_a_text_where_a_list_says_so() {
    Settings settings = Arguments.apply(Settings.DEFAULT, Map.of("stop_words", List.of("[END]")));
    assertThat(settings.sampling().stop()).containsExactly("[END]");
    assertThat(Arguments.apply(Settings.DEFAULT, Map.of("stop_words", "[\"a\", \"b\"]")).sampling().stop())
        .containsExactly("a", "b");
  }
}
