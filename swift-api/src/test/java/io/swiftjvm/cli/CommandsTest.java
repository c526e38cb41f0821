package io.swiftjvm.cli;

import static io.swiftjvm.cli.CliRun.done;
import static io.swiftjvm.cli.CliRun.line;
import static io.swiftjvm.cli.CliRun.refused;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the commands print. */
class CommandsTest {
  @TempDir
  Path temp;

  private String file(String name, String text) throws IOException {
    return Files.writeString(temp.resolve(name), text).toString();
  }

  @Test
  void checking_the_embedded_model_ends_with_a_line_of_json() throws IOException {
    JsonNode last = done("check", "--model", "swift-tiny").last();
    assertThat(last.get("text").asText()).isNotNull();
    assertThat(last.get("warnings").asInt()).isZero();
    assertThat(last.get("render_error").asBoolean()).isFalse();
  }

  @Test
  void devices_are_listed_with_what_they_have_or_why_they_are_absent() throws IOException {
    assertThat(done("devices", "--operations", "true").out().lines())
        .anySatisfy(l -> assertThat(l).matches("cpu +yes +the host processor.*GiB.*"))
        .anySatisfy(l -> assertThat(l).contains("kernels", "attention", "adamW"))
        .anySatisfy(l -> assertThat(l).matches("mps +no .*Use cpu.*"));
    String cpu = done("devices", "--json", "true").out().lines().filter(l -> l.contains("\"cpu\"")).findFirst().orElseThrow();
    assertThat(new ObjectMapper().readTree(cpu).get("memory_bytes").asLong()).isPositive();
  }

  @Test
  void checking_data_counts_rows_and_names_bad_ones() throws IOException {
    String rows = file("rows.jsonl", """
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
        {"query": "a", "response": "b"}
        {"messages": []}
        {"something": "else"}
        not json
        """);
    CliRun run = done("check", "--dataset", rows, "--strict", "false");
    assertThat(run.last().get("kept").asInt()).isEqualTo(2);
    assertThat(run.last().get("dropped").asInt()).isEqualTo(3);
    assertThat(run.err().lines().filter(l -> l.startsWith("dropped "))).hasSize(3)
        .allSatisfy(l -> assertThat(l).contains("rows.jsonl")).anySatisfy(l -> assertThat(l).contains("5"));
    assertThat(CliRun.of("check", "--dataset", rows).last()).isEqualTo(run.last());
  }

  @Test
  void strict_checking_refuses_the_first_bad_row() throws IOException {
    String rows = file("rows.jsonl", "{\"query\": \"a\", \"response\": \"b\"}\n{\"messages\": []}\n");
    refused(3, line("check", "--dataset", rows, "--strict", "true"), "rows.jsonl", "2");
    String good = file("good.jsonl", "{\"query\": \"a\", \"response\": \"b\"}\n");
    assertThat(done("check", "--dataset", good, "--strict").last().get("kept").asInt()).isEqualTo(1);
  }

  @Test
  void check_takes_a_model_or_data_and_not_both() {
    refused(2, line("check"), "--model", "--dataset");
    refused(2, line("check", "--model", "swift-tiny", "--dataset", "x"), "--model", "--dataset");
  }

  @Test
  void tokenize_gives_ids_tokens_and_offsets_in_code_points() throws IOException {
    JsonNode json = done("tokenize", "--model", "swift-tiny", "--text", "Hi \ud83d\ude00 there").last();
    assertThat(json.get("input_ids")).hasSameSizeAs(json.get("tokens")).hasSameSizeAs(json.get("offsets")).isNotEmpty();
    assertThat(json.get("offsets").get(json.get("offsets").size() - 1).get(1).asInt()).isEqualTo(10);
    String file = file("text.txt", "Hi \ud83d\ude00 there");
    assertThat(done("tokenize", "--model", "swift-tiny", "--file", file).last()).isEqualTo(json);
    refused(2, line("tokenize", "--model", "swift-tiny"), "--file");
    refused(2, line("tokenize", "--model", "swift-tiny", "--text", "a", "--add_special_tokens", "x"), "true or false");
  }

  @Test
  void an_empty_text_has_no_tokens() throws IOException {
    assertThat(done("tokenize", "--model", "swift-tiny", "--text", "", "--add_special_tokens", "false").last()
        .get("input_ids")).isEmpty();
  }

  @Test
  void render_opens_a_turn_unless_the_last_message_is_an_answer() throws IOException {
    String open = file("open.json", "[{\"role\": \"user\", \"content\": \"Hi\"}]");
    String answered =
        file("answered.json", "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\", \"content\": \"Yo\"}]}");
    String[] call = line("render", "--model", "swift-tiny", "--messages", open);
    assertThat(done(call).out()).contains("<|im_start|>user\nHi<|im_end|>").endsWith("<|im_start|>assistant\n");
    assertThat(done("render", "--model", "swift-tiny", "--messages", answered).out()).contains("Yo")
        .doesNotEndWith("<|im_start|>assistant\n");
    assertThat(done("render", "--model", "swift-tiny", "--messages", open, "--add-generation-prompt", "false").out())
        .endsWith("Hi<|im_end|>\n");
  }

  @Test
  void plan_explains_and_estimate_adds_up() {
    String[] train = line("plan", "--model", "swift-tiny", "--dataset", "swift/self-cognition", "--explain");
    assertThat(done(train).out()).contains("lora r=8", "adamw", "memory");
    train[0] = "estimate";
    refused(2, train, "--explain");
    assertThat(done("estimate", "--model", "swift-tiny").out()).contains("weights", "MiB");
    assertThat(done("estimate", "--model", "swift-tiny", "--dataset", "swift/self-cognition").out()).contains("gradients");
  }

  @Test
  void infer_continues_ids_greedily_the_same_way_twice() {
    String[] call = line("infer", "--model", "swift-tiny", "--input_ids", "5,6,7", "--output_ids", "--max_new_tokens",
        "4", "--temperature", "0", "--ignore_eos");
    assertThat(done(call).out().strip().split(",")).hasSize(4);
    assertThat(done(call)).isEqualTo(done(call));
  }

  @Test
  void a_streamed_answer_is_the_answer() throws IOException {
    String messages = file("m.json", "[{\"role\": \"user\", \"content\": \"Hello\"}]");
    String[] prompt = line("infer", "--model", "swift-tiny", "--prompt", "Hello", "--max_new_tokens", "6", "--temperature", "0");
    String answer = done(prompt).out().strip();
    assertThat(done("infer", "--model", "swift-tiny", "--messages", messages, "--max_new_tokens", "6", "--temperature", "0",
        "--stream").out().strip()).isEqualTo(answer).isNotEmpty();
    assertThat(done("infer", "--model", "swift-tiny", "--prompt", "Hello", "--structured_outputs_regex", "[0-9]{3}").out().strip())
        .matches("[0-9]{3}");
    refused(3, line("infer", "--model", "swift-tiny", "--prompt", "a", "--structured_outputs_regex", "(a"), "(a");
    refused(2, line("infer", "--model", "swift-tiny"), "--prompt");
    refused(2, line("infer", "--model", "swift-tiny", "--prompt", "a", "--input_ids", "1"), "exactly one");
  }
}
