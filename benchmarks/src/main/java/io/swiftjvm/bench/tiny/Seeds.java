package io.swiftjvm.bench.tiny;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The seed texts of {@code benchmarks/tiny/seeds}. Lines starting with {@code #} are notes. In blocks {@code ?} is a
 * question, {@code !} an answer, {@code &} a follow-up question, {@code x} a question about something made up.
 */
record Seeds(
    List<Block> identity,
    List<Block> chat,
    List<Relation> relations,
    Block unknown,
    List<String> topics,
    List<String> rhymes,
    List<String> fables,
    List<Exam> exams) {

  /** Questions that share their answers. */
  record Block(List<String> questions, List<String> answers, List<String> followUps) {
    boolean chinese() {
      return answers.stream().anyMatch(Seeds::chinese);
    }
  }

  /** A table of facts: each block's {@code {0}}, {@code {1}}… stand for the columns of one row. */
  record Relation(String name, List<Block> blocks, List<String> madeUp, List<List<String>> rows) {}

  /** A held-out question; its answer must hold one of the expected texts. */
  record Exam(String question, List<String> expected) {}

  static Seeds read(Path folder) throws IOException {
    List<Relation> relations = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder.resolve("relations"))) {
      for (Path file : files.sorted().toList()) {
        relations.add(relation(file));
      }
    }
    List<String> unknown = lines(folder.resolve("unknown.txt"));
    List<String> topics = unknown.stream().filter(line -> line.startsWith("T "))
        .flatMap(line -> cells(line.substring(2)).stream()).toList();
    return new Seeds(blocks(lines(folder.resolve("identity.txt"))), blocks(lines(folder.resolve("chat.txt"))),
        relations, blocks(unknown).getFirst(), topics, texts(folder.resolve("rhymes.txt")),
        texts(folder.resolve("fables.txt")), exams(folder.resolve("eval.txt")));
  }

  static boolean chinese(String text) {
    return text.codePoints().anyMatch(c -> Character.UnicodeScript.of(c) == Character.UnicodeScript.HAN);
  }

  private static Relation relation(Path file) throws IOException {
    List<String> lines = lines(file);
    int rule = lines.indexOf("---");
    List<String> head = lines.subList(0, rule);
    List<List<String>> rows = new ArrayList<>();
    for (String line : lines.subList(rule + 1, lines.size())) {
      if (!line.isEmpty()) {
        List<String> row = cells(line);
        rows.add(row);
        if (head.contains("@both")) {
          rows.add(row.reversed());
        }
      }
    }
    List<String> madeUp = head.stream().filter(line -> line.startsWith("x ")).map(line -> line.substring(2)).toList();
    String name = String.valueOf(file.getFileName()).replace(".txt", "");
    return new Relation(name, blocks(head), madeUp, rows);
  }

  private static List<Block> blocks(List<String> lines) {
    List<Block> blocks = new ArrayList<>();
    Block block = new Block(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (String line : Stream.concat(lines.stream(), Stream.of("")).toList()) {
      String rest = line.length() < 2 ? "" : line.substring(2);
      if (line.startsWith("? ")) {
        block.questions().add(rest);
      } else if (line.startsWith("! ")) {
        block.answers().add(rest);
      } else if (line.startsWith("& ")) {
        block.followUps().add(rest);
      } else if (line.isEmpty() && !block.questions().isEmpty() && !block.answers().isEmpty()) {
        blocks.add(block);
        block = new Block(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
      }
    }
    return blocks;
  }

  private static List<Exam> exams(Path file) throws IOException {
    List<Exam> exams = new ArrayList<>();
    for (String line : texts(file)) {
      int split = line.lastIndexOf(" = ");
      exams.add(new Exam(line.substring(0, split), cells(line.substring(split + 3))));
    }
    return exams;
  }

  private static List<String> texts(Path file) throws IOException {
    return lines(file).stream().filter(line -> !line.isEmpty()).toList();
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.readAllLines(file).stream().map(String::strip).filter(line -> !line.startsWith("#")).toList();
  }

  private static List<String> cells(String line) {
    return Stream.of(line.split("\\|")).map(String::strip).toList();
  }
}
