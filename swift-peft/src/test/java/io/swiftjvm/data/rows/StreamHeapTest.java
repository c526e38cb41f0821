package io.swiftjvm.data.rows;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file of four times the heap is read to its end in a virtual machine of its own. */
class StreamHeapTest {
  private static final int ROWS = 100_000;

  @TempDir
  Path temp;

  /** Reads the file of the first argument as a shuffled stream and by its index, prints both numbers of rows. */
  static final class Reader {
    public static void main(String[] args) {
      Drops drops = new Drops(LoadOptions.DEFAULT, drop -> { });
      int streamed = 0;
      try (RowStream rows = new ShuffledRows(
          DatasetLoader.open(List.of(args[0]), LoadOptions.DEFAULT, 0, Mixing.NONE, drops), 1000, 1, "x")) {
        while (rows.next() != null) {
          streamed++;
        }
      }
      int indexed = 0;
      try (JsonlIndex index = JsonlIndex.open(DatasetSpec.parse(args[0]))) {
        for (int i = 0; i < index.size(); i += 10) {
          indexed += index.row(i, LoadOptions.DEFAULT).messages().size();
        }
      }
      System.out.println(streamed + " " + drops.count() + " " + indexed);
    }
  }

  @Test
  void two_hundred_megabytes_are_read_with_a_heap_of_fifty() throws IOException, InterruptedException {
    Path file = temp.resolve("big.jsonl");
    byte[] good = ("{\"query\": \"" + "q".repeat(900) + "\", \"response\": \"" + "a".repeat(1100) + "\"}\n").getBytes(StandardCharsets.UTF_8);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < ROWS; i++) {
        out.write(i % 10_000 == 5 ? "bad\n".getBytes(StandardCharsets.UTF_8) : good);
      }
    }
    assertThat(Files.size(file)).isGreaterThan(200_000_000L);
    Path log = temp.resolve("log");
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx50m",
        "-cp", System.getProperty("java.class.path") + File.pathSeparator, Reader.class.getName(), file.toString())
        .redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(Files.readString(log)).endsWith(ROWS - 10 + " 10 " + ROWS / 5 + "\n");
  }
}
