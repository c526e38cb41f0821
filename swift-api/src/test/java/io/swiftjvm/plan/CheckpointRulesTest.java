package io.swiftjvm.plan;

import static io.swiftjvm.plan.PlanChecks.legal;
import static io.swiftjvm.plan.PlanChecks.refused;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.Swift;
import io.swiftjvm.error.InvalidPlanException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Illegal combinations about validation data, checkpoints and resuming. */
class CheckpointRulesTest {
  @TempDir
  Path temp;

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.5})
  void a_split_beside_validation_data_is_refused(double ratio) {
    refused(Map.of("split_dataset_ratio", ratio, "val_dataset", "x.jsonl"), "split_dataset_ratio is " + ratio, "val_dataset");
    legal(Map.of("split_dataset_ratio", ratio));
    legal(Map.of("val_dataset", "x.jsonl"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"nowhere/checkpoint-1", "pom.xml"})
  void resuming_from_what_is_no_folder_is_refused(String folder) {
    refused(Map.of("resume_from_checkpoint", folder), "resume_from_checkpoint", folder);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void resuming_with_an_adapter_is_refused(boolean onlyModel) throws Exception {
    Files.writeString(temp.resolve("adapter_config.json"), "{}");
    refused(Map.of("resume_from_checkpoint", temp.toString(), "adapters", temp.toString(), "resume_only_model", onlyModel),
        "resume_from_checkpoint", "adapters");
    legal(Map.of("resume_from_checkpoint", temp.toString(), "resume_only_model", onlyModel));
  }

  @ParameterizedTest
  @ValueSource(strings = {"resume_only_model", "resume-only-model"})
  void taking_only_the_model_of_no_checkpoint_is_refused(String name) {
    refused(Map.of(name, true), "resume_only_model", "resume_from_checkpoint");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5})
  void a_limit_of_checkpoints_without_a_folder_is_refused(int limit) {
    assertThatThrownBy(() -> Swift.model("swift-tiny")
        .training(t -> t.checkpoint(c -> c.outputDir(null).totalLimit(limit))).plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("save_total_limit is " + limit);
    legal(Map.of("save_total_limit", limit));
  }
}
