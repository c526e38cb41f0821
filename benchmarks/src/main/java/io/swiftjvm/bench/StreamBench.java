package io.swiftjvm.bench;

import io.swiftjvm.data.rows.DatasetLoader;
import io.swiftjvm.data.rows.DatasetSpec;
import io.swiftjvm.data.rows.Drops;
import io.swiftjvm.data.rows.JsonlIndex;
import io.swiftjvm.data.rows.LoadOptions;
import io.swiftjvm.data.rows.Mixing;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.data.rows.RowStream;
import io.swiftjvm.data.rows.ShuffledRows;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Reads a JSONL file that is far larger than the heap: as a shuffled stream, and row by row by its index.
 *
 * <pre>java ... io.swiftjvm.bench.StreamBench make FILE GIB
 * java -Xmx256m ... io.swiftjvm.bench.StreamBench stream|index FILE [SECONDS]</pre>
 */
public final class StreamBench {
  private static final int BUFFER = 1000;
  private static final int WORDS = 400;
  private static final double NANOS = 1e9;

  private long peak;

  private StreamBench() {}

  /** Arguments: what to do, the file, and its size in GiB or how long to read at most. */
  public static void main(String[] args) throws IOException {
    Path file = Path.of(args[1]);
    double limit = args.length > 2 ? Double.parseDouble(args[2]) : Double.MAX_VALUE;
    switch (args[0]) {
      case "make" -> make(file, (long) (limit * (1L << 30)));
      case "stream" -> new StreamBench().stream(file, limit);
      case "index" -> new StreamBench().index(file, limit);
      default -> throw new IllegalArgumentException("say make, stream or index, not " + args[0]);
    }
  }

  /** Conversations of one to four rounds of words, each line some hundred to some thousand bytes. */
  public static void make(Path file, long bytes) throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
      for (long done = 0, row = 0; done < bytes; row++) {
        StringBuilder line = new StringBuilder("{\"messages\": [");
        for (int round = random.nextInt(1, 5); round > 0; round--) {
          line.append("{\"role\": \"user\", \"content\": \"row ").append(row).append(':');
          words(line, random, WORDS / 8);
          line.append("\"}, {\"role\": \"assistant\", \"content\": \"");
          words(line, random, WORDS);
          line.append(round > 1 ? "\"}, " : "\"}");
        }
        byte[] text = line.append("]}\n").toString().getBytes(StandardCharsets.UTF_8);
        out.write(text);
        done += text.length;
      }
    }
  }

  private static void words(StringBuilder line, SplittableRandom random, int most) {
    for (int i = random.nextInt(most); i >= 0; i--) {
      line.append(' ').append(Integer.toString(random.nextInt(60_000), Character.MAX_RADIX));
    }
  }

  private void stream(Path file, double seconds) {
    Drops drops = new Drops(LoadOptions.DEFAULT, drop -> { });
    long rows = 0;
    long started = System.nanoTime();
    try (RowStream stream = new ShuffledRows(DatasetLoader.open(
        List.of(file.toString()), LoadOptions.DEFAULT, 0, Mixing.NONE, drops), BUFFER, 1, "bench")) {
      for (Row row = stream.next(); row != null && since(started) < seconds; row = stream.next()) {
        watch(++rows);
      }
    }
    report("stream", rows, started);
  }

  private void index(Path file, double seconds) {
    long started = System.nanoTime();
    try (JsonlIndex index = JsonlIndex.open(DatasetSpec.parse(file.toString()))) {
      System.out.printf("index of %,d rows in %.1f s%n", index.size(), since(started));
      SplittableRandom random = new SplittableRandom(3);
      long rows = 0;
      started = System.nanoTime();
      while (rows < index.size() && since(started) < seconds) {
        index.row(random.nextInt(index.size()), LoadOptions.DEFAULT);
        watch(++rows);
      }
      report("random rows", rows, started);
    }
  }

  private static double since(long started) {
    return (System.nanoTime() - started) / NANOS;
  }

  private void watch(long rows) {
    if (rows % 1000 == 0) {
      Runtime runtime = Runtime.getRuntime();
      peak = Math.max(peak, runtime.totalMemory() - runtime.freeMemory());
    }
  }

  private void report(String what, long rows, long started) {
    System.out.printf("%s: %,d rows in %.1f s, %,.0f rows/s, heap at most %d of %d MiB%n", what, rows, since(started),
        rows / since(started), peak >> 20, Runtime.getRuntime().maxMemory() >> 20);
  }
}
