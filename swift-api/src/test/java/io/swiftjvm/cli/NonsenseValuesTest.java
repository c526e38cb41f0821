package io.swiftjvm.cli;

import static io.swiftjvm.cli.CliRun.line;
import static io.swiftjvm.cli.CliRun.refused;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A value that makes no sense is refused before anything is written. */
class NonsenseValuesTest {
  @TempDir
  Path temp;

  static Stream<Arguments> lines() {
    return Map.ofEntries(
        Map.entry("--learning_rate", "abc,-1,0,1e999,NaN"), Map.entry("--lora_rank", "0,-3,1.5,99999999999,abc"),
        Map.entry("--max_steps", "-5,0,x,1e30"), Map.entry("--seed", "1.5,99999999999999999999"),
        Map.entry("--lora_alpha", "0,inf"), Map.entry("--lora_dropout", "1,-0.5"), Map.entry("--max_length", "0,1,-7,1000000"),
        Map.entry("--num_train_epochs", "0,-1,nan"), Map.entry("--logging_steps", "0"), Map.entry("--packing", "maybe"),
        Map.entry("--num_threads", "0,-1,many"), Map.entry("--device", "cuda,tpu"), Map.entry("--torch_dtype", "int4"),
        Map.entry("--target_modules", "no_such_proj"), Map.entry("--target_regex", "(,nothing"),
        Map.entry("--template", "no_such_template"), Map.entry("--loss_scale", "no_such_scale"),
        Map.entry("--lr_scheduler_type", "zigzag,cosine_with_min_lr"), Map.entry("--columns", "x,[1]"),
        Map.entry("--resume_from_checkpoint", "nowhere"), Map.entry("--adapters", "nowhere")).entrySet().stream()
        .flatMap(e -> Arrays.stream(e.getValue().split(",")).map(v -> Arguments.of(e.getKey(), v)));
  }

  @ParameterizedTest
  @MethodSource("lines")
  void a_nonsense_value_is_refused_by_name_and_nothing_is_written(String flag, String value) {
    refused(line("sft", "--model", "swift-tiny", "--dataset", "swift/self-cognition#4", "--output_dir",
        temp.resolve("out").toString(), "--model_name", "A", "--model_author", "B", flag, value), value);
    assertThat(temp.resolve("out")).doesNotExist();
  }
}
