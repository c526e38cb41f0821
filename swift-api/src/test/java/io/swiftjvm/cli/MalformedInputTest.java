package io.swiftjvm.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is wrong with a file: exit code 2 or 3, one message that names it, no stack trace. */
class MalformedInputTest {
  private static final String GOOD = "{\"query\": \"a\", \"response\": \"b\"}\n";

  @TempDir
  Path temp;

  /** Text of a file, and the flag and command that take it; the message must name the file. */
  record Bad(String command, String flag, String file, byte[] bytes, String... rest) {
    @Override
    public String toString() {
      return command + " " + flag + " " + file + " " + new String(bytes, StandardCharsets.ISO_8859_1)
          .replaceAll("[^ -~]", "?").substring(0, Math.min(60, bytes.length));
    }
  }

  private static Bad bad(String command, String flag, String file, String text, String... rest) {
    return new Bad(command, flag, file, text.getBytes(StandardCharsets.UTF_8), rest);
  }

  static Stream<Bad> files() {
    String deep = "[".repeat(5000);
    return Stream.of(
        bad("plan", "--config", "p.yaml", "lora_rank: [1"), bad("plan", "--config", "p.yaml", "a: b: c"),
        bad("plan", "--config", "p.yaml", ""), bad("plan", "--config", "p.yaml", "- a\n- b\n"),
        bad("plan", "--config", "p.yaml", "just words"), bad("plan", "--config", "p.yaml", "seed: &x [*x"),
        bad("plan", "--config", "p.yaml", "\tmodel: x"), bad("plan", "--config", "p.yaml", "seed: 1\nseed: 2\n"),
        bad("plan", "--config", "p.yaml", "seed: " + deep), bad("plan", "--config", "p.json", deep),
        bad("plan", "--config", "p.json", "{\"seed\": 1"), bad("plan", "--config", "p.json", "{\"seed\": 1} x"),
        bad("plan", "--config", "p.json", "null"), bad("plan", "--config", "p.json", "7"),
        bad("plan", "--config", "p.json", "{\"seed\": 1, \"seed\": 2}"),
        new Bad("plan", "--config", "p.yaml", new byte[] {(byte) 0xff, (byte) 0xfe, 0, (byte) 0x80}),
        new Bad("plan", "--config", "p.json", new byte[] {'{', '"', (byte) 0xc3, '"', ':', '1', '}'}),
        bad("render", "--messages", "m.json", "[{\"role\": \"user\""), bad("render", "--messages", "m.json", ""),
        bad("render", "--messages", "m.json", "{\"a\": 1}"), bad("render", "--messages", "m.json", "[1, 2]"),
        bad("render", "--messages", "m.json", "{\"messages\": 5}"), bad("render", "--messages", "m.json", deep),
        bad("render", "--messages", "m.json", "null"), bad("render", "--messages", "m.json", "[null]"),
        bad("infer", "--messages", "m.json", "not json"), bad("infer", "--messages", "m.json", "null"),
        new Bad("tokenize", "--file", "t.txt", new byte[] {'a', (byte) 0xff, 'b'}),
        bad("logits", "--input", "i.safetensors", "", "--output", "o"),
        bad("logits", "--input", "i.safetensors", "12345678{}", "--output", "o"),
        bad("logits", "--input", "i.safetensors", "\2\0\0\0\0\0\0\0{}", "--output", "o"),
        bad("check", "--dataset", "d.jsonl", "{\"query\": \"a\"", "--strict"),
        bad("check", "--dataset", "d.jsonl", GOOD + "[1]\n", "--strict"),
        bad("check", "--dataset", "d.jsonl", GOOD + "{\"messages\": \"x\"}\n", "--strict"),
        bad("check", "--dataset", "d.jsonl", "{\"messages\": [{\"role\": 5}]}\n", "--strict"),
        bad("check", "--dataset", "d.jsonl", "{\"a\": " + deep + "\n", "--strict"),
        bad("check", "--dataset", "d.json", "[{\"query\": \"a\"", "--strict"), bad("check", "--dataset", "d.json", "5", "--strict"),
        bad("check", "--dataset", "d.csv", "query,response\n\"a,b\n", "--strict"),
        bad("check", "--dataset", "d.parquet", "PAR1"), bad("check", "--dataset", "d.xyz", "x", "--strict"),
        new Bad("check", "--dataset", "d.jsonl", new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}, "--strict"),
        bad("sft", "--dataset", "d.jsonl", ""), bad("sft", "--dataset", "d.jsonl", "nonsense\n"),
        bad("sft", "--val_dataset", "d.jsonl", "nonsense\n", "--dataset", "swift/self-cognition", "--strict",
            "--model_name", "A", "--model_author", "B"));
  }

  @ParameterizedTest
  @MethodSource("files")
  void a_malformed_file_is_refused_by_name(Bad bad) throws IOException {
    Path file = Files.write(temp.resolve(bad.file()), bad.bytes());
    CliRun.refused(call(bad, file), file.getFileName().toString());
  }

  @ParameterizedTest
  @MethodSource("takers")
  void a_missing_file_and_a_folder_in_its_place_are_refused_by_name(Bad bad) throws IOException {
    CliRun.refused(call(bad, temp.resolve("missing-" + bad.file())), "missing-" + bad.file());
    CliRun.refused(call(bad, Files.createDirectory(temp.resolve("folder-" + bad.file()))), "folder-" + bad.file());
  }

  /** One of each command and flag. */
  static Stream<Bad> takers() {
    return files().collect(Collectors.toMap(
        b -> b.command() + b.flag(), b -> b, (a, b) -> a, TreeMap::new)).values().stream();
  }

  private static String[] call(Bad bad, Path file) {
    boolean own = List.of("check", "plan").contains(bad.command());
    List<String> model = own ? List.of() : List.of("--model", "swift-tiny");
    return Stream.of(List.of(bad.command(), bad.flag(), file.toString()), model, Arrays.asList(bad.rest()))
        .flatMap(List::stream).toArray(String[]::new);
  }
}
