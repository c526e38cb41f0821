package io.swiftjvm.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.DatasetException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Data sets with faults: every fault is named by file and line, and counted exactly. */
class MalformedDataTest {
  private static final String GOOD = "{\"query\": \"q\", \"response\": \"a\"}";
  private static final String CHAT = "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}, %s]}";

  /**
   * @param name file name
   * @param content its bytes
   * @param kept usable rows; -1 when the whole file is refused, at the line in {@code bad}
   * @param bad lines of the rows that are dropped
   */
  record Fault(String what, String name, byte[] content, int kept, List<Integer> bad) {
    @Override
    public String toString() {
      return what;
    }
  }

  private static Fault fault(String what, String name, String content, int kept, Integer... bad) {
    return new Fault(what, name, content.getBytes(StandardCharsets.UTF_8), kept, List.of(bad));
  }

  /** A bad line between good ones. */
  private static Fault line(String what, String bad) {
    return fault(what, "rows.jsonl", GOOD + "\n" + bad + "\n" + GOOD + "\n", 2, 2);
  }

  private static Fault chat(String what, String message) {
    return line(what, CHAT.formatted(message));
  }

  private static byte[] gzip(String text) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
        zip.write(text.getBytes(StandardCharsets.UTF_8));
      }
      return out.toByteArray();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Stream<Fault> faults() {
    List<Fault> all = new ArrayList<>(List.of(
        line("a line that is no JSON", "query: q"),
        line("a line cut off", "{\"query\": \"q\", \"resp"),
        line("two objects on a line", GOOD + GOOD),
        line("an array on a line", "[1, 2]"),
        line("a number on a line", "17"),
        line("null on a line", "null"),
        line("a key twice", "{\"query\": \"a\", \"query\": \"b\", \"response\": \"c\"}"),
        line("a key twice deep inside", CHAT.formatted("{\"role\": \"assistant\", \"content\": \"a\", \"content\": \"b\"}")),
        line("no known column", "{\"foo\": 1, \"bar\": 2}"),
        line("an empty object", "{}"),
        line("a question that is an object", "{\"query\": {\"a\": 1}, \"response\": \"r\"}"),
        line("two names for the question and no answer", "{\"prompt\": \"a\", \"question\": \"b\"}"),
        line("history of single questions", "{\"query\": \"q\", \"response\": \"r\", \"history\": [[\"one\"]]}"),
        line("history that is no list", "{\"query\": \"q\", \"response\": \"r\", \"history\": \"none\"}"),
        line("alpaca without instruction and input", "{\"instruction\": null, \"input\": null, \"output\": \"o\"}"),
        line("no message", "{\"messages\": []}"),
        line("messages that are text", "{\"messages\": \"hello\"}"),
        line("a message that is a number", "{\"messages\": [3]}"),
        line("null for messages", "{\"messages\": null}"),
        chat("an unknown role", "{\"role\": \"robot\", \"content\": \"x\"}"),
        chat("a message without content", "{\"role\": \"assistant\"}"),
        chat("a system text behind the question", "{\"role\": \"system\", \"content\": \"s\"}"),
        chat("a loss that is neither true nor false", "{\"role\": \"assistant\", \"content\": \"a\", \"loss\": \"maybe\"}"),
        chat("a weight below 0", "{\"role\": \"assistant\", \"content\": \"a\", \"loss_scale\": -1}"),
        chat("a call without a name", "{\"role\": \"assistant\", \"tool_calls\": [{\"function\": {\"arguments\": \"{}\"}}]}"),
        chat("a part without a type", "{\"role\": \"assistant\", \"content\": [{\"text\": \"a\"}]}"),
        chat("an unknown part beside a tool result",
            "{\"role\": \"user\", \"content\": [{\"type\": \"tool_result\", \"content\": \"2\"}, {\"type\": \"sound\"}]}"),
        line("a round without an answer", "{\"conversation\": [{\"human\": \"q\"}]}"),
        line("an empty list of ids", "{\"input_ids\": []}"),
        line("ids below 0", "{\"input_ids\": [1, -2]}"),
        line("fewer labels than ids", "{\"input_ids\": [1, 2], \"labels\": [1]}"),
        line("ids as text", "{\"input_ids\": \"1 2\"}"),
        line("a rejected answer equal to the chosen one", "{\"query\": \"q\", \"response\": \"a\", \"rejected_response\": \"a\"}"),
        line("null for the rejected answer", "{\"query\": \"q\", \"response\": \"a\", \"rejected_response\": null}"),
        line("a box with three corners", "{\"query\": \"q\", \"response\": \"a\", \"objects\": {\"bbox\": [[1, 2, 3]]}}"),
        line("a deep nest", "[".repeat(2000) + "]".repeat(2000)),
        fault("several bad lines and blank ones", "rows.jsonl", "\n" + GOOD + "\nx\n\n" + GOOD + "\n{}\n" + GOOD, 3, 3, 6),
        fault("Windows line ends", "rows.jsonl", GOOD + "\r\nx\r\n" + GOOD + "\r\n", 2, 2),
        fault("a bad line at the end without a line end", "rows.jsonl", GOOD + "\n" + GOOD + "\n{\"query\": ", 2, 3),
        fault("an array element that is no object", "rows.json", "[" + GOOD + ",\n17,\n" + GOOD + "]", 2, 2),
        fault("an array element with a key twice", "rows.json",
            "[\n" + GOOD + ",\n{\"text\": \"a\",\n \"text\": \"b\"},\n" + GOOD + "]", 2, 3),
        fault("an array that ends early", "rows.json", "[" + GOOD + ",\n" + GOOD + ",\n{\"query\"", -1, 3),
        fault("text behind an array", "rows.json", "[" + GOOD + "]\n" + GOOD, -1, 2),
        fault("CSV with too few fields", "rows.csv", "query,response\na,b\nc\nd,e\n", 2, 3),
        fault("CSV with too many fields behind a long field", "rows.csv", "query,response\n\"a\nb\",c\nd,e,f\ng,h\n", 2, 4),
        fault("CSV with a quote that nothing closes", "rows.csv", "query,response\na,b\nc,\"d\ne,f\n", -1, 3),
        fault("CSV with a column twice", "rows.csv", "query,query\na,b\n", -1, 1)));
    all.add(new Fault("a line that is no UTF-8", "rows.jsonl",
        (GOOD + "\n{\"query\": \"\u00e9\"}\n" + GOOD + "\n").getBytes(StandardCharsets.ISO_8859_1), 2, List.of(2)));
    all.add(new Fault("a text line that is no UTF-8", "rows.txt", "one\n\u00e9\nthree\n".getBytes(StandardCharsets.ISO_8859_1), 2,
        List.of(2)));
    all.add(new Fault("a bad line in a compressed file", "rows.jsonl.gz", gzip(GOOD + "\nx\n" + GOOD + "\n"), 2, List.of(2)));
    byte[] zip = gzip((GOOD + "\n").repeat(2));
    all.add(new Fault("a compressed file cut off", "rows.jsonl.gz", Arrays.copyOf(zip, zip.length - 12), -1, List.of(1)));
    return all.stream();
  }

  @TempDir
  Path temp;

  @ParameterizedTest
  @MethodSource("faults")
  void a_fault_is_named_by_file_and_line_and_counted_exactly(Fault fault) throws IOException {
    Path file = Files.write(temp.resolve(fault.name()), fault.content());
    LoadOptions strict = LoadOptions.DEFAULT.strict(true);
    String first = file + ":" + fault.bad().getFirst();
    assertThatThrownBy(() -> DatasetLoader.load(List.of(file.toString()), strict)).isInstanceOf(DatasetException.class)
        .message().contains(first).doesNotContain(first + "0").matches("(?s).*[a-zA-Z]{3,}.*");
    if (fault.kept() < 0) {
      assertThatThrownBy(() -> DatasetLoader.load(List.of(file.toString()), LoadOptions.DEFAULT))
          .isInstanceOf(DatasetException.class).hasMessageContaining(first);
      return;
    }
    List<DropReport.Dropped> told = new ArrayList<>();
    DropReport checked = DatasetLoader.check(List.of(file.toString()), LoadOptions.DEFAULT, told::add);
    LoadedRows loaded = DatasetLoader.load(List.of(file.toString()), LoadOptions.DEFAULT);
    assertThat(loaded.rows()).hasSize(fault.kept());
    assertThat(loaded.report()).isEqualTo(checked);
    assertThat(checked.kept()).isEqualTo(fault.kept());
    assertThat(checked.count()).isEqualTo(fault.bad().size());
    assertThat(told).isEqualTo(checked.dropped()).allSatisfy(drop -> assertThat(drop.reason()).hasSizeGreaterThan(15));
    assertThat(told.stream().map(drop -> drop.origin().line())).isEqualTo(fault.bad());
    assertThat(told).allSatisfy(drop -> assertThat(drop.origin().file()).isEqualTo(file.toString()));
  }
}
