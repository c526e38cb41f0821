package io.swiftjvm.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Ways of reading and batching that do not go together are refused by name. */
class DataRulesTest {
  private static List<String> problems(Map<String, Object> given) {
    Map<String, Object> all = new LinkedHashMap<>(Map.of("dataset", List.of("a.jsonl")));
    all.putAll(given);
    List<String> problems = new ArrayList<>();
    DataRules.check(Arguments.apply(Settings.DEFAULT, all), problems);
    return problems;
  }

  private static void refused(Map<String, Object> given, String... names) {
    assertThat(problems(given)).singleElement().asString().contains(names);
  }

  @Test
  void each_conflict_is_told_with_its_names() {
    refused(Map.of("split_dataset_ratio", 0.1, "val_dataset", List.of("b.jsonl")), "split_dataset_ratio", "val_dataset");
    refused(Map.of("interleave_prob", List.of("0.5", "0.5")), "interleave_prob", "1 data sets");
    refused(Map.of("group_by_length", true, "train_dataloader_shuffle", false), "group_by_length", "train_dataloader_shuffle");
    refused(Map.of("group_by_length", true, "packing", true), "group_by_length", "packing");
    refused(Map.of("max_tokens_per_batch", 64, "packing", true), "max_tokens_per_batch", "packing");
    refused(Map.of("max_tokens_per_batch", 64, "per_device_train_batch_size", 2), "max_tokens_per_batch", "per_device");
    refused(Map.of("max_tokens_per_batch", 64, "max_length", 65), "max_tokens_per_batch", "max_length");
    refused(Map.of("streaming", true), "streaming", "max_steps");
    refused(Map.of("streaming", true, "max_steps", 5, "group_by_length", true), "group_by_length", "streaming");
    refused(Map.of("streaming", true, "max_steps", 5, "split_dataset_ratio", 0.1), "split_dataset_ratio", "#N");
    refused(Map.of("lazy_tokenize", true, "packing", true), "lazy_tokenize", "packing");
    refused(Map.of("lazy_tokenize", true, "split_dataset_ratio", 0.1), "lazy_tokenize", "split_dataset_ratio");
    refused(Map.of("cached_dataset", List.of("c")), "cached_dataset", "dataset");
    refused(Map.of("cached_val_dataset", List.of("c")), "cached_val_dataset");
    assertThatThrownBy(() -> problems(Map.of("lazy_tokenize", true, "streaming", true, "max_steps", 5)))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("lazy_tokenize").hasMessageContaining("streaming");
    assertThatThrownBy(() -> problems(Map.of("group_by_length", true, "max_tokens_per_batch", 64)))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("group_by_length");
  }

  @Test
  void what_goes_together_is_legal() {
    assertThat(problems(Map.of("streaming", true, "max_steps", 5, "packing", true, "packing_strategy", "sequential"))).isEmpty();
    assertThat(problems(Map.of("max_tokens_per_batch", 64, "max_length", 64))).isEmpty();
    assertThat(problems(Map.of("dataset", List.of("a.jsonl", "b.jsonl"), "interleave_prob", List.of("0.5", "0.5"),
        "stopping_strategy", "all_exhausted"))).isEmpty();
    assertThat(problems(Map.of("lazy_tokenize", true, "per_device_train_batch_size", 4))).isEmpty();
  }
}
