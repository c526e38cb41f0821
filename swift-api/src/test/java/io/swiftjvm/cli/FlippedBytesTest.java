package io.swiftjvm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.hub.ModelSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files with a few bytes changed are read, or refused with a message; never a stack trace. */
class FlippedBytesTest {
  private static final int TRIES = Integer.getInteger("swift.test.flips", 8);
  private static final byte[] MARKS =
      "{}[]\":,-+.0129eE\\n \t\0\u007f%<|>#*&!".getBytes(StandardCharsets.ISO_8859_1);

  @TempDir
  Path temp;

  /** A copy of {@code good} with one to four bytes changed, put in or taken out among the first {@code within}. */
  private static byte[] flipped(byte[] good, int within, Random random) {
    byte[] bytes = good.clone();
    for (int n = random.nextInt(4); n >= 0 && bytes.length > 2; n--) {
      int at = random.nextInt(Math.min(within, bytes.length - 1));
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] = MARKS[random.nextInt(MARKS.length)];
        case 2 -> bytes = join(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, at + 1, bytes.length));
        case 3 -> bytes = join(Arrays.copyOf(bytes, at), new byte[] {MARKS[random.nextInt(MARKS.length)]},
            Arrays.copyOfRange(bytes, at, bytes.length));
        default -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
      }
    }
    return bytes;
  }

  private static byte[] join(byte[]... parts) {
    byte[] all = new byte[Stream.of(parts).mapToInt(p -> p.length).sum()];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private static void survives(Path file, int within, int tries, String... args) throws IOException {
    byte[] good = Files.readAllBytes(file);
    Random random = new Random(file.getFileName().toString().hashCode());
    for (int i = 0; i < tries; i++) {
      byte[] bad = flipped(good, within, random);
      Files.write(file, bad);
      CliRun run = CliRun.of(args);
      assertThat(run.err()).as("try " + i + " of " + file.getFileName()).doesNotContain("a bug in", "\tat ");
      assertThat(run.code()).isIn(0, 2, 3);
    }
    Files.write(file, good);
  }

  @Test
  void a_model_folder() throws IOException {
    try (ModelSource source = ModelSource.locator().open("swift-tiny"); Stream<Path> files = Files.list(source.folder())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, temp.resolve(file.getFileName().toString()));
      }
    }
    for (String file : new String[] {"config.json", "generation_config.json", "tokenizer_config.json", "model.safetensors"}) {
      survives(temp.resolve(file), file.endsWith("s") ? 2000 : 100_000, TRIES, "check", "--model", temp.toString());
    }
    survives(temp.resolve("tokenizer.json"), 3000, TRIES, "tokenize", "--model", temp.toString(), "--text", "Hello you");
  }

  @Test
  void a_plan() throws IOException {
    String plan = Swift.model("swift-tiny").dataset("a.jsonl").with("columns", Map.of("a", "b")).plan().toYaml();
    Path yaml = Files.writeString(temp.resolve("plan.yaml"), plan);
    survives(yaml, plan.length(), 10 * TRIES, "plan", "--config", yaml.toString(), "--model", "swift-tiny");
    Path json = Files.writeString(temp.resolve("plan.json"), Swift.plan(yaml).toJson());
    survives(json, plan.length(), 10 * TRIES, "plan", "--config", json.toString(), "--model", "swift-tiny", "--explain");
  }

  @Test
  void rows_and_messages() throws IOException {
    String row = "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\", \"content\": \"Yo\", "
        + "\"loss\": true}], \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}]}";
    for (String name : new String[] {"rows.jsonl", "rows.json", "rows.csv", "rows.txt"}) {
      String text = name.endsWith("csv") ? "query,response\n\"a, b\",c\n"
          : row + "\n{\"input_ids\": [1, 2], \"labels\": [1, -100]}\n";
      Path file = Files.writeString(temp.resolve(name), text);
      survives(file, 1000, TRIES, "check", "--dataset", file.toString());
      survives(file, 1000, TRIES, "check", "--dataset", file.toString(), "--strict");
      survives(file, 1000, TRIES / 4, "sft", "--model", "swift-tiny", "--dataset", file.toString(), "--output_dir", "",
          "--max_steps", "1", "--gradient_accumulation_steps", "1");
    }
    Path messages = Files.writeString(temp.resolve("messages.json"), row);
    survives(messages, 1000, TRIES, "render", "--model", "swift-tiny", "--messages", messages.toString());
    survives(messages, 1000, TRIES / 4, "infer", "--model", "swift-tiny", "--messages", messages.toString(), "--max_new_tokens", "1");
  }

  @Test
  void an_adapter_and_its_training_state() throws IOException {
    Path adapter;
    try (Run run = Swift.model("swift-tiny").lora(l -> l.rank(2)).with("model_name", "A").with("model_author", "B")
        .with("save_steps", 1).with("max_steps", 2).with("gradient_accumulation_steps", 1).outputDir(temp.resolve("out"))
        .train("swift/self-cognition#2")) {
      adapter = run.checkpoint().orElseThrow().resolveSibling("checkpoint-1");
    }
    try (Stream<Path> files = Files.list(adapter)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        survives(file, 2000, TRIES / 4, "infer", "--model", "swift-tiny", "--adapters", adapter.toString(), "--prompt", "a",
            "--max_new_tokens", "1");
        survives(file, 2000, TRIES / 4, "sft", "--model", "swift-tiny", "--lora_rank", "2", "--dataset",
            "swift/self-cognition#2", "--model_name", "A", "--model_author", "B", "--max_steps", "2",
            "--gradient_accumulation_steps", "1", "--resume_from_checkpoint", adapter.toString(), "--output_dir",
            temp.resolve("more").toString());
      }
    }
  }
}
