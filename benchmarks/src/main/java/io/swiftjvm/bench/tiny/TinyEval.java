package io.swiftjvm.bench.tiny;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.cli.Cli;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Examines a model folder with the held-out questions: greedy answers through {@code swift infer}, right when one of
 * the expected texts is in the answer. Prints the wrong ones and the share of right ones; exit code 1 below the
 * threshold.
 *
 * <pre>TinyEval MODEL_DIR EVAL_JSONL [THRESHOLD]</pre>
 */
public final class TinyEval {
  private TinyEval() {}

  /** Runs the examination. */
  public static void main(String[] args) throws IOException {
    double threshold = args.length > 2 ? Double.parseDouble(args[2]) : 0.85;
    List<String> lines = Files.readAllLines(Path.of(args[1]));
    ObjectMapper json = new ObjectMapper();
    int right = 0;
    for (String line : lines) {
      JsonNode row = json.readTree(line);
      String question = row.path("messages").path(0).path("content").asText();
      String answer = ask(args[0], question);
      if (holds(answer, row.path("expect"))) {
        right++;
      } else {
        System.out.println("wrong: " + question + " -> " + answer);
      }
    }
    double share = (double) right / lines.size();
    System.out.printf(Locale.ROOT, "%d of %d right (%.1f %%)%n", right, lines.size(), 100 * share);
    if (share < threshold) {
      System.exit(1);
    }
  }

  private static String ask(String model, String question) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, false, StandardCharsets.UTF_8)) {
      int code = new Cli(out, System.err).run("infer", "--model", model, "--prompt", question, "--max_new_tokens", "60",
          "--temperature", "0");
      if (code != 0) {
        throw new IOException("swift infer ended with exit code " + code + " for '" + question + "'");
      }
    }
    return bytes.toString(StandardCharsets.UTF_8).strip();
  }

  private static boolean holds(String answer, JsonNode expected) {
    String text = answer.toLowerCase(Locale.ROOT);
    for (JsonNode option : expected) {
      if (text.contains(option.asText().toLowerCase(Locale.ROOT))) {
        return true;
      }
    }
    return false;
  }
}
