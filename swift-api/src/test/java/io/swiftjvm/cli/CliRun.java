package io.swiftjvm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** One command line run in this virtual machine. */
record CliRun(int code, String out, String err) {
  static CliRun of(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code = new Cli(new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8)).run(args);
    return new CliRun(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** The run, if it went well. */
  static CliRun done(String... args) {
    CliRun run = of(args);
    assertThat(run.code()).as(run.err()).isZero();
    return run;
  }

  /** The run, if it was refused with {@code code}: one message, no stack trace, these words in it. */
  static CliRun refused(int code, String[] args, String... words) {
    CliRun run = refused(args, words);
    assertThat(run.code()).as(run.err()).isEqualTo(code);
    return run;
  }

  /** The run, if it was refused as usage (2) or by a typed refusal (3). */
  static CliRun refused(String[] args, String... words) {
    CliRun run = of(args);
    assertThat(run.err()).contains(words).doesNotContain("\tat ", "a bug in");
    assertThat(run.err().lines().filter(l -> l.startsWith("swift: "))).as(run.err()).hasSize(1);
    assertThat(run.code()).as(run.err()).isIn(2, 3);
    return run;
  }

  /** The last line of the output as JSON. */
  JsonNode last() throws IOException {
    return new ObjectMapper().readTree(out.strip().substring(out.strip().lastIndexOf('\n') + 1));
  }

  static String[] line(String... words) {
    return words;
  }
}
