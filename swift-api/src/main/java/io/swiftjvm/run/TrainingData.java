package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.batch.BatchOrder;
import io.swiftjvm.data.rows.DatasetLoader;
import io.swiftjvm.data.rows.DropReport;
import io.swiftjvm.data.rows.Drops;
import io.swiftjvm.data.rows.LoadOptions;
import io.swiftjvm.data.rows.LoadedRows;
import io.swiftjvm.data.rows.Mixing;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.data.rows.RowStream;
import io.swiftjvm.data.rows.ShuffledRows;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.plan.DataSettings;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.BatchSpec;
import io.swiftjvm.train.TrainEvent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** The rows of a plan as micro-batches: read, split, encoded, packed, in order. */
public final class TrainingData implements AutoCloseable {
  private final BatchSource batches;
  private final List<Batch> validation;
  private final Drops drops;
  private final @Nullable AutoCloseable source;
  private final long tokens;

  private TrainingData(
      BatchSource batches, List<Batch> validation, Drops drops, @Nullable AutoCloseable source, long tokens) {
    this.tokens = tokens;
    this.batches = batches;
    this.validation = validation;
    this.drops = drops;
    this.source = source;
  }

  BatchSource batches() {
    return batches;
  }

  List<Batch> validation() {
    return validation;
  }

  /** The most tokens that a micro-batch can have; 0 where the rows are read as they come. */
  long tokens() {
    return tokens;
  }

  /** What became of the rows that were read so far, those of the validation data included. */
  public DropReport report() {
    return drops.report();
  }

  /** Closes the files of a stream or an index. */
  @Override
  public void close() {
    if (source != null) {
      try {
        source.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** How the files of {@code settings} are read. */
  public static LoadOptions options(Settings settings) {
    return settings.data().load().seed(settings.train().dataSeed());
  }

  /** Reads the data of {@code settings}, as far as its way of access reads it now; drops are told row by row. */
  static TrainingData of(Settings settings, LoadedModel loaded, Consumer<TrainEvent> listener) {
    if (!settings.data().any()) {
      throw new DatasetException("no data set was given. Pass --dataset with a file, a folder or swift/self-cognition.");
    }
    return new Reading(settings, Encoder.of(settings, loaded), listener).read();
  }

  /**
   * Encodes the data of {@code settings} and writes it for {@code cached_dataset}: the rows to train on into
   * {@code folder/train}, those held out or given for validation into {@code folder/val}.
   *
   * @return what became of the rows
   */
  public static DropReport cache(Settings settings, LoadedModel loaded, Path folder, Consumer<TrainEvent> listener) {
    Reading reading = new Reading(settings, Encoder.of(settings, loaded), listener);
    LoadedRows all = reading.load();
    List<Batch> rows = reading.encoded(all);
    List<Batch> held = settings.data().validation().isEmpty()
        ? reading.encoding.encode(all.held(), reading.drops) : reading.given();
    reading.drops.judge();
    CachedRows.write(folder.resolve("train"), rows, reading.encoder.facts());
    if (!held.isEmpty()) {
      CachedRows.write(folder.resolve("val"), held, reading.encoder.facts());
    }
    return reading.drops.report();
  }

  /** One reading of a plan's data. */
  private static final class Reading {
    private final Settings settings;
    private final DataSettings data;
    private final LoadOptions options;
    private final Encoder encoder;
    private final RowEncoding encoding;
    private final Consumer<TrainEvent> listener;
    private final Drops drops;

    Reading(Settings settings, Encoder encoder, Consumer<TrainEvent> listener) {
      this.settings = settings;
      this.listener = listener;
      data = settings.data();
      options = options(settings);
      this.encoder = encoder;
      encoding = new RowEncoding(encoder, data.grouping().maxTokens());
      drops = new Drops(options, drop -> tell("row dropped: " + drop));
    }

    private void tell(String message) {
      listener.accept(new TrainEvent.Warning(0, message));
    }

    TrainingData read() {
      return !data.cached().isEmpty() ? cached() : data.access().streaming() ? stream() : data.access().lazy() ? lazy() : whole();
    }

    private List<Batch> given() {
      if (data.validation().isEmpty()) {
        return List.of();
      }
      LoadedRows more =
          DatasetLoader.load(data.validation(), options.shuffle(data.validationShuffle()), 0, Mixing.NONE, drops);
      more.notes().forEach(this::tell);
      return encoding.encode(data.validationShuffle()
          ? DatasetLoader.shuffle(more.rows(), options.seed(), "validation") : more.rows(), drops);
    }

    private LoadedRows load() {
      LoadedRows all = DatasetLoader.load(data.datasets(), options, data.splitRatio(), data.mixing(), drops);
      all.notes().forEach(this::tell);
      return all;
    }

    private List<Batch> encoded(LoadedRows all) {
      List<Row> train = options.shuffle() ? DatasetLoader.shuffle(all.rows(), options.seed(), "dataset") : all.rows();
      return encoding.encode(train, drops);
    }

    private TrainingData whole() {
      LoadedRows all = load();
      List<Batch> rows = encoded(all);
      return of(rows, data.validation().isEmpty() ? encoding.encode(all.held(), drops) : given(), null);
    }

    private TrainingData cached() {
      Map<String, String> facts = encoder.facts();
      List<CachedRows> open = new ArrayList<>();
      boolean done = false;
      try {
        List<Batch> rows = cached(data.cached(), facts, open);
        drops.keep(rows.size());
        TrainingData out = of(rows, cached(data.cachedValidation(), facts, open), () -> closeAll(open));
        done = true;
        return out;
      } finally {
        if (!done) {
          closeAll(open);
        }
      }
    }

    private static List<Batch> cached(List<String> folders, Map<String, String> facts, List<CachedRows> open) {
      List<CachedRows> parts = new ArrayList<>();
      for (String folder : folders) {
        CachedRows rows = CachedRows.open(Path.of(folder), facts);
        open.add(rows);
        parts.add(rows);
      }
      return parts.size() == 1 ? parts.getFirst() : parts.stream().flatMap(List::stream).toList();
    }

    private static void closeAll(List<CachedRows> open) {
      open.forEach(CachedRows::close);
    }

    private TrainingData of(List<Batch> rows, List<Batch> validation, @Nullable AutoCloseable source) {
      if (rows.isEmpty()) {
        DropReport report = drops.report();
        throw new DatasetException("no row is left to train on: " + report
            + (report.dropped().isEmpty() ? "" : "; the first: " + report.dropped().getFirst()) + ".");
      }
      drops.judge();
      List<Batch> units = settings.text().packing()
          ? new PackedRows(rows, encoder.packLength(), data.grouping().packing()) : rows;
      RowBatches batches =
          new RowBatches(units, settings.train().batch(), order(units), Fingerprint.of(units, settings));
      listener.accept(facts(rows, units, batches));
      return new TrainingData(batches, validation, drops, source, most(units));
    }

    private TrainEvent facts(List<Batch> rows, List<Batch> units, BatchSource batches) {
      long tokens = rows.stream().mapToLong(row -> row.ids().length).sum();
      boolean packed = settings.text().packing();
      double fill = packed ? tokens / ((double) units.size() * encoder.packLength()) : 1;
      return new TrainEvent.DataReady(rows.size(), drops.count(), units.size(), tokens, fill, batches.steps());
    }

    private long most(List<Batch> units) {
      Integer budget = data.grouping().maxTokens();
      int rows = budget == null ? settings.train().batch().perDevice() : 1;
      long longest = -units.stream().mapToLong(unit -> -unit.ids().length).sorted().limit(rows).sum();
      return budget == null ? longest : Math.max(budget, longest);
    }

    private BatchOrder order(List<Batch> units) {
      BatchSpec batch = settings.train().batch();
      long seed = settings.train().dataSeed();
      Integer maxTokens = data.grouping().maxTokens();
      if (maxTokens == null && !data.grouping().byLength()) {
        return BatchOrder.ofRows(units.size(), batch.perDevice(), data.loaderShuffle(), seed);
      }
      int[] lengths = units.stream().mapToInt(unit -> unit.ids().length).toArray();
      return maxTokens == null ? BatchOrder.byLength(lengths, batch.perDevice(), seed)
          : BatchOrder.byTokens(lengths, maxTokens, data.loaderShuffle(), seed);
    }

    private TrainingData lazy() {
      LazyRows rows = LazyRows.of(data.datasets().getFirst(), options, encoding, drops);
      boolean done = false;
      try {
        BatchSpec batch = settings.train().batch();
        BatchOrder order =
            BatchOrder.ofRows(rows.size(), batch.perDevice(), data.loaderShuffle(), settings.train().dataSeed());
        TrainingData out = new TrainingData(
            new RowBatches(rows, batch, order, Fingerprint.ofFiles(settings)), given(), drops, rows, 0);
        done = true;
        return out;
      } finally {
        if (!done) {
          rows.close();
        }
      }
    }

    private TrainingData stream() {
      Integer steps = settings.train().batch().maxSteps();
      if (steps == null) {
        throw new DatasetException("a stream has no length: set max_steps.");
      }
      List<Row> held = DatasetLoader.held(data.datasets(), options, data.splitRatio());
      drops.keep(held.size());
      List<Batch> validation = data.validation().isEmpty() ? encoding.encode(held, drops) : given();
      Drops silent = new Drops(options, drop -> { });
      int capacity = settings.text().packing() ? encoder.packLength() : 0;
      boolean[] begun = new boolean[1];
      IntFunction<UnitStream> passes = pass -> {
        // the rows of later passes were counted in the first
        Drops counted = pass == 0 && !begun[0] ? drops : silent;
        begun[0] = true;
        RowStream rows = DatasetLoader.open(data.datasets(), options, data.splitRatio(), data.mixing(), counted);
        return new UnitStream(options.shuffle()
            ? new ShuffledRows(rows, data.access().buffer(), options.seed(), "stream " + pass) : rows,
            encoding, counted, capacity, data.grouping().packing());
      };
      StreamBatches batches = new StreamBatches(
          passes, settings.train().batch(), data.grouping().maxTokens(), steps, Fingerprint.ofFiles(settings));
      return new TrainingData(batches, validation, drops, batches, 0);
    }
  }
}
