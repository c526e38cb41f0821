package io.swiftjvm.cli;

import static io.swiftjvm.cli.CliRun.done;
import static io.swiftjvm.cli.CliRun.line;
import static io.swiftjvm.cli.CliRun.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.Plan;
import io.swiftjvm.Swift;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** How a command line is read. */
class CliTest {
  @TempDir
  Path temp;

  static Stream<String> commands() {
    return Commands.all().stream().map(Command::name);
  }

  @Test
  void no_command_is_a_usage_error_with_the_help() {
    CliRun run = CliRun.of();
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.out()).contains("sft", "infer", "--config");
    assertThat(done("--help").out()).isEqualTo(run.out()).isEqualTo(done("help").out());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void every_command_has_help_with_every_flag(String command) {
    assertThat(done(command, "--help").out()).contains("swift " + command, "--lora_rank", "--config", "(default ");
  }

  @ParameterizedTest
  @CsvSource({"sftt, sft", "infr, infer", "chek, check"})
  void an_unknown_command_names_the_nearest(String wrong, String right) {
    refused(2, line(wrong), "'" + wrong + "'", "'" + right + "'");
  }

  @ParameterizedTest
  @CsvSource({
      "--lora_rnk, --lora_rank", "--lerning-rate, --learning_rate", "--max_lenght, --max_length", "--modle, --model",
      "--merge_lra, --merge_lora"})
  void an_unknown_flag_names_the_nearest(String wrong, String right) {
    refused(2, line("export", wrong, "8"), "'" + wrong + "'", "'" + right + "'");
    refused(2, line("export", wrong + "=8"), "'" + right + "'");
    refused(2, line("export", "--model", "swift-tiny", "--adapters", "a", wrong, "8"), wrong, "'" + right + "'");
    refused(2, line("export", "--merge_lora", wrong, "8"), wrong, "'" + right + "'");
  }

  @Test
  void a_word_too_many_is_a_usage_error() {
    refused(2, line("check", "--model", "swift-tiny", "extra"), "extra");
    refused(2, line("plan", "lora_rank=4"), "lora_rank=4");
  }

  @Test
  void a_flag_without_its_value_is_a_usage_error() {
    refused(2, line("check", "--model"), "--model");
    refused(2, line("plan", "--lora_rank", "--model", "swift-tiny"), "--lora_rank");
    refused(2, line("sft", "--model", "swift-tiny", "--dataset"), "--dataset");
    refused(2, line("plan", "--config"), "--config");
  }

  @Test
  void a_flag_given_twice_is_refused() {
    assertThat(CliRun.of("plan", "--model", "swift-tiny", "--seed", "1", "--seed", "2").code()).isIn(2, 3);
  }

  @ParameterizedTest
  @CsvSource({"--lora_rank, 4", "--lora-rank, 4", "--lora_rank=4,", "--lora-rank=4,"})
  void dashes_and_underscores_are_the_same(String flag, String value) {
    String[] args = value == null ? line("plan", "--model", "swift-tiny", flag)
        : line("plan", "--model", "swift-tiny", flag, value);
    assertThat(done(args).out()).contains("lora_rank: 4");
  }

  @ParameterizedTest
  @CsvSource({"--train_type", "--train-type", "--sft_type", "--tuner_type"})
  void the_tuner_has_the_names_of_all_versions_of_ms_swift(String flag) {
    assertThat(done("plan", "--model", "swift-tiny", flag, "full").out()).contains("tuner_type: \"full\"");
    assertThat(done("plan", "--model_id_or_path", "swift-tiny", flag, "lora").out()).contains("tuner_type: \"lora\"");
  }

  @Test
  void a_switch_may_be_bare_or_have_a_value() {
    assertThat(done("plan", "--packing", "--model", "swift-tiny").out()).contains("packing: true");
    assertThat(done("plan", "--packing", "false", "--model", "swift-tiny").out()).contains("packing: false");
    assertThat(done("plan", "--model", "swift-tiny", "--json", "false").out()).contains("packing: false");
  }

  @Test
  void several_words_are_a_list_and_so_is_json() {
    String many = done("plan", "--model", "swift-tiny", "--dataset", "a.jsonl", "b#5", "--seed", "1").out();
    assertThat(many).contains("- \"a.jsonl\"\n- \"b#5\"");
    assertThat(done("plan", "--model", "swift-tiny", "--dataset", "[\"a.jsonl\", \"b#5\"]", "--seed", "1").out())
        .isEqualTo(many);
  }

  @Test
  void flags_win_over_the_file() throws IOException {
    Path yaml = Files.writeString(temp.resolve("plan.yaml"), "model: swift-tiny\nlora_rank: 4\ntrain-type: lora\nseed: 3\n");
    assertThat(done("plan", "--config", yaml.toString(), "--lora-rank", "2").out()).contains("lora_rank: 2", "seed: 3");
    assertThat(done("plan", "--train_type", "full", "--config",
        Files.writeString(yaml, "model: swift-tiny\ntuner_type: lora\n").toString()).out()).contains("\"full\"");
  }

  @Test
  void the_flags_of_a_command_may_stand_in_the_file() throws IOException {
    Path yaml = Files.writeString(temp.resolve("plan.yml"), "model: swift-tiny\ntext: Hello\nadd-special-tokens: false\n");
    assertThat(done("tokenize", "--config", yaml.toString()).out()).contains("input_ids");
  }

  @Test
  void the_printed_plan_is_a_plan() throws IOException {
    String[] flags = line("plan", "--model", "swift-tiny", "--dataset", "swift/self-cognition", "--lora_rank", "3");
    Plan yaml = Swift.plan(Files.writeString(temp.resolve("p.yaml"), done(flags).out()));
    assertThat(yaml.settings().data().datasets()).containsExactly("swift/self-cognition");
    assertThat(yaml.toYaml()).isEqualTo(done(flags).out());
  }

  @Test
  void what_this_version_lacks_is_refused_with_what_to_use() {
    refused(3, line("rlhf"), "swift sft");
    refused(3, line("eval", "--model", "x"), "swift infer");
  }
}
