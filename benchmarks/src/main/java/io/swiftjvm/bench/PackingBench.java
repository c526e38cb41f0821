package io.swiftjvm.bench;

import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.TrainEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The same rows trained as padded batches, as batches without padding, and as packs; tokens/s leave padding out. A step
 * takes all rows, so that the loss of the first step must be the same in all three.
 *
 * <pre>java ... io.swiftjvm.bench.PackingBench make FOLDER ROWS
 * java ... io.swiftjvm.bench.PackingBench padded|rows|packed FOLDER MODEL STEPS</pre>
 *
 * {@code make} writes rows of random ids with log-normal lengths; padding is what a batch of 8 needs.
 */
public final class PackingBench {
  private static final int BATCH = 8;
  private static final int LONGEST = 1024;
  private static final int CAPACITY = 1024;
  private static final double MEDIAN = 70;
  private static final double SIGMA = 1.2;
  private static final int IDS = 500;

  private PackingBench() {}

  /** Arguments: see the class. */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[1]);
    if (args[0].equals("make")) {
      make(folder, Integer.parseInt(args[2]));
    } else {
      train(args[0], folder, args[2], Integer.parseInt(args[3]));
    }
  }

  private static void make(Path folder, int count) throws IOException {
    Files.createDirectories(folder);
    SplittableRandom random = new SplittableRandom(11);
    int[] lengths = IntStream.range(0, count).map(_ -> length(random)).toArray();
    StringBuilder rows = new StringBuilder();
    StringBuilder padded = new StringBuilder();
    long real = 0;
    long all = 0;
    for (int i = 0; i < count; i++) {
      int from = i / BATCH * BATCH;
      int longest = Arrays.stream(lengths, from, Math.min(count, from + BATCH)).max().orElseThrow();
      List<Integer> ids = random.ints(lengths[i], 5, IDS).boxed().toList();
      rows.append(row(ids, 0));
      padded.append(row(ids, longest - lengths[i]));
      real += lengths[i];
      all += longest;
    }
    Files.writeString(folder.resolve("rows.jsonl"), rows);
    Files.writeString(folder.resolve("padded.jsonl"), padded);
    System.out.printf(Locale.ROOT, "%d rows, %d tokens; padded in batches of %d: %d, fill %.1f %%%n", count, real, BATCH, all,
        100.0 * real / all);
  }

  private static int length(SplittableRandom random) {
    double normal = Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());
    return (int) Math.clamp(MEDIAN * Math.exp(SIGMA * normal), 8, LONGEST);
  }

  private static String row(List<Integer> ids, int padding) {
    String end = ", 0".repeat(padding);
    String none = ", -100".repeat(padding);
    String all = ids.stream().map(String::valueOf).collect(Collectors.joining(", "));
    return "{\"input_ids\": [" + all + end + "], \"labels\": [" + all + none + "]}\n";
  }

  private static void train(String how, Path folder, String model, int steps) throws IOException {
    Path file = folder.resolve(how.equals("padded") ? "padded.jsonl" : "rows.jsonl");
    long rows;
    try (var lines = Files.lines(folder.resolve("rows.jsonl"))) {
      rows = lines.count();
    }
    boolean packed = how.equals("packed");
    Recipe recipe = Swift.model(model).dataset(file.toString()).with("dataset_shuffle", false)
        .with("train_dataloader_shuffle", false).with("lora_dropout", 0).with("max_steps", steps).with("max_length", CAPACITY)
        .with("packing", packed).with("per_device_train_batch_size", packed ? 1 : BATCH)
        .with("gradient_accumulation_steps", (int) rows)
        .outputDir(folder.resolve("out-" + how));
    long started = System.nanoTime();
    try (Run run = recipe.plan().train(event -> tell(how, event), new CancellationToken())) {
      System.out.printf(Locale.ROOT, "%s: whole training %.1f s, %s%n", how, (System.nanoTime() - started) / 1e9, run.summary());
    }
  }

  private static void tell(String how, TrainEvent event) {
    if (event instanceof TrainEvent.DataReady data) {
      System.out.printf(Locale.ROOT, "%s: %d rows, %d packs, %.1f %% filled%n", how, data.rows(), data.units(), 100 * data.fill());
    } else if (event instanceof TrainEvent.StepEnd end) {
      double seconds = end.tokens() / end.tokensPerSecond();
      // every token but the first of a row has a label in these rows, and padding has none
      System.out.printf(Locale.ROOT, "%s: step %d loss %.6f, %d tokens computed in %.2f s, %.1f labelled tokens/s%n", how,
          end.step(), end.loss(), end.tokens(), seconds, end.labelled() / seconds);
    }
  }
}
