package io.swiftjvm.cli;

import static io.swiftjvm.cli.CliRun.done;
import static io.swiftjvm.cli.CliRun.line;
import static io.swiftjvm.cli.CliRun.refused;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Train, answer, merge, continue through the command line. */
class WholeWayTest {
  @TempDir
  Path temp;

  private String[] train(String command, String output, String... more) {
    return Stream.concat(Stream.of(command, "--model", "swift-tiny", "--dataset", "swift/self-cognition#4", "--model_name",
        "Zephyrine", "--model_author", "ACME", "--max_steps", "3", "--gradient_accumulation_steps", "2", "--learning_rate",
        "1e-2", "--output_dir", temp.resolve(output).toString()), Arrays.stream(more)).toArray(String[]::new);
  }

  private static String answer(String... model) {
    return done(Stream.concat(Stream.of("infer", "--prompt", "Who are you?", "--temperature", "0", "--max_new_tokens", "8"),
        Arrays.stream(model)).toArray(String[]::new)).out();
  }

  @Test
  void an_adapter_is_trained_answers_and_is_merged() throws IOException {
    CliRun run = done(train("sft", "out", "--torch_dtype", "float32"));
    JsonNode last = run.last();
    assertThat(last.get("steps").asInt()).isEqualTo(3);
    assertThat(last.get("output_dir").asText()).isEqualTo(temp.resolve("out").toString());
    assertThat(run.err()).contains("training", "loss", "saved");
    List<String> log = Files.readAllLines(temp.resolve("out/logging.jsonl"));
    assertThat(log).isNotEmpty().allSatisfy(l -> assertThat(new ObjectMapper().readTree(l).isObject()).isTrue());
    String adapter = last.get("checkpoint").asText();
    String merged = temp.resolve("merged").toString();
    String[] export = line("export", "--model", "swift-tiny", "--adapters", adapter, "--merge_lora", "true", "--output_dir",
        merged, "--torch_dtype", "float32");
    assertThat(done(export).out().strip()).isEqualTo(merged);
    assertThat(answer("--model", merged)).isEqualTo(answer("--model", "swift-tiny", "--adapters", adapter, "--torch_dtype",
        "float32"));
    refused(3, export, "merged");
    assertThat(done(Stream.concat(Arrays.stream(export), Stream.of("--exist_ok")).toArray(String[]::new)).code()).isZero();
    refused(2, line("export", "--model", "swift-tiny", "--adapters", adapter, "--output_dir", merged), "--merge_lora");
    refused(2, line("export", "--model", "swift-tiny", "--output_dir", merged, "--merge_lora"), "--adapters");
    refused(2, line("export", "--model", "swift-tiny", "--output_dir", ""), "--output_dir");
  }

  @Test
  void a_resumed_run_ends_where_the_whole_one_does() throws IOException {
    Path whole = Path.of(done(train("sft", "a", "--save_steps", "1")).last().get("checkpoint").asText());
    JsonNode rest = done(train("sft", "b", "--resume_from_checkpoint", whole.resolveSibling("checkpoint-1").toString())).last();
    assertThat(Path.of(rest.get("checkpoint").asText()).resolve("adapter_model.safetensors"))
        .hasSameBinaryContentAs(whole.resolve("adapter_model.safetensors"));
    refused(3, train("sft", "c", "--resume_from_checkpoint", whole.resolveSibling("checkpoint-1").toString(), "--lora_rank", "2"),
        "checkpoint-1");
    assertThat(temp.resolve("c/checkpoint-3")).doesNotExist();
  }

  @Test
  void pt_trains_on_plain_text_and_an_empty_output_dir_writes_nothing() throws IOException {
    Path text = Files.writeString(temp.resolve("text.jsonl"), "{\"text\": \"Once upon a time.\"}\n{\"text\": \"The end.\"}\n");
    JsonNode last = done("pt", "--model", "swift-tiny", "--dataset", text.toString(), "--max_steps", "1", "--tuner_type",
        "full", "--output_dir", "").last();
    assertThat(last.get("steps").asInt()).isEqualTo(1);
    assertThat(last.has("checkpoint")).isFalse();
    try (Stream<Path> files = Files.list(temp)) {
      assertThat(files).containsExactly(text);
    }
  }

  @Test
  void logits_loss_and_gradients_are_written() throws IOException {
    Path input = temp.resolve("in.safetensors");
    ByteBuffer ids = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    ids.asLongBuffer().put(new long[] {5, 6, 7, 8});
    new SafetensorsWriter().add("input_ids", DType.I64, new long[] {1, 4}, MemorySegment.ofBuffer(ids)).write(input);
    String output = temp.resolve("out.safetensors").toString();
    String[] call = line("logits", "--model", "swift-tiny", "--input", input.toString(), "--output", output);
    done(call);
    try (SafetensorsFile file = SafetensorsFile.open(Path.of(output))) {
      assertThat(file.names()).containsExactly("logits");
      assertThat(file.entry("logits").shape()).containsExactly(1, 4, 2048);
    }
    refused(3, Stream.concat(Arrays.stream(call), Stream.of("--gradients")).toArray(String[]::new), "labels");
    new SafetensorsWriter().add("input_ids", DType.I64, new long[] {1, 4}, MemorySegment.ofBuffer(ids))
        .add("labels", DType.I64, new long[] {1, 4}, MemorySegment.ofBuffer(ids)).write(input);
    done(Stream.concat(Arrays.stream(call), Stream.of("--gradients")).toArray(String[]::new));
    try (SafetensorsFile file = SafetensorsFile.open(Path.of(output))) {
      assertThat(file.names()).contains("logits", "loss").anyMatch(n -> n.startsWith("grad.") && n.contains("q_proj"));
    }
    refused(2, line("logits", "--model", "swift-tiny", "--input", input.toString()), "--output");
  }

  @Test
  void the_demo_goes_the_whole_way() {
    assertThat(done(train("demo", "demo", "--max_new_tokens", "4")).out()).contains("1. ", "2. ", "3. ", "4. ", "adapter",
        "merged model", "checkpoint-3");
  }
}
