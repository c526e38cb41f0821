package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.batch.Packing;
import io.swiftjvm.data.rows.DatasetLoader;
import io.swiftjvm.data.rows.DropReport;
import io.swiftjvm.data.rows.Drops;
import io.swiftjvm.data.rows.LoadOptions;
import io.swiftjvm.data.rows.LoadedRows;
import io.swiftjvm.data.rows.Mixing;
import io.swiftjvm.data.rows.Row;
import io.swiftjvm.data.template.EncodedRow;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.plan.DataSettings;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.TrainEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The rows of a plan as micro-batches: loaded, split, encoded, packed, in order. */
public final class TrainingData {
  private final BatchSource batches;
  private final List<Batch> validation;
  private final DropReport report;

  private TrainingData(BatchSource batches, List<Batch> validation, DropReport report) {
    this.batches = batches;
    this.validation = validation;
    this.report = report;
  }

  BatchSource batches() {
    return batches;
  }

  List<Batch> validation() {
    return validation;
  }

  /** What became of the rows, those of the validation data included. */
  public DropReport report() {
    return report;
  }

  /** Reads and encodes the data of {@code settings}; drops are told to {@code listener}, row by row. */
  static TrainingData of(Settings settings, LoadedModel loaded, Consumer<TrainEvent> listener) {
    DataSettings data = settings.data();
    if (data.datasets().isEmpty()) {
      throw new DatasetException("no data set was given. Pass --dataset with a file, a folder or swift/self-cognition.");
    }
    LoadOptions options = options(settings);
    Consumer<DropReport.Dropped> tell = drop -> listener.accept(new TrainEvent.Warning(0, "row dropped: " + drop));
    Drops drops = new Drops(options, tell);
    LoadedRows all = DatasetLoader.load(data.datasets(), options, data.splitRatio(), data.mixing(), drops);
    List<Row> train = options.shuffle() ? DatasetLoader.shuffle(all.rows(), options.seed(), "dataset") : all.rows();
    List<Row> held = all.held();
    List<String> notes = new ArrayList<>(all.notes());
    if (!data.validation().isEmpty()) {
      LoadedRows more = DatasetLoader.load(
          data.validation(), options.shuffle(data.validationShuffle()), 0, Mixing.NONE, drops);
      held = data.validationShuffle() ? DatasetLoader.shuffle(more.rows(), options.seed(), "validation") : more.rows();
      notes.addAll(more.notes());
    }
    notes.forEach(note -> listener.accept(new TrainEvent.Warning(0, note)));
    Encoder encoder = Encoder.of(settings, loaded);
    List<Batch> rows = encode(encoder, train, drops);
    List<Batch> validation = encode(encoder, held, drops);
    DropReport report = drops.report();
    if (rows.isEmpty()) {
      throw new DatasetException("no row is left to train on: " + report
          + (report.dropped().isEmpty() ? "" : "; the first: " + report.dropped().getFirst()) + ".");
    }
    drops.judge();
    List<Batch> units = settings.text().packing() ? packs(rows, encoder.packLength()) : rows;
    String fingerprint = Fingerprint.of(units, settings);
    BatchSource source = new RowBatches(
        units, settings.train().batch(), data.loaderShuffle(), settings.train().dataSeed(), fingerprint);
    return new TrainingData(source, validation, report);
  }

  /** How the files of {@code settings} are read. */
  public static LoadOptions options(Settings settings) {
    return settings.data().load().seed(settings.train().dataSeed());
  }

  private static List<Batch> encode(Encoder encoder, List<Row> rows, Drops drops) {
    List<Batch> out = new ArrayList<>();
    for (Row row : rows) {
      try {
        encoder.encode(row).forEach(encoded -> out.add(batch(encoded)));
      } catch (SwiftException e) {
        drops.keep(-1);
        drops.drop(row.origin(), String.valueOf(e.getMessage()));
      }
    }
    return out;
  }

  /** One row with its labels moved to the position that predicts them. */
  static Batch batch(EncodedRow row) {
    int n = row.length();
    int[] positions = new int[n];
    int[] labels = new int[n];
    float[] given = row.weights();
    float[] weights = given == null ? null : new float[n];
    for (int i = 0; i < n; i++) {
      positions[i] = i;
      labels[i] = i + 1 < n ? row.labels()[i + 1] : EncodedRow.IGNORED;
      if (weights != null && given != null) {
        weights[i] = i + 1 < n ? given[i + 1] : 0;
      }
    }
    return new Batch(row.ids(), positions, new int[] {0, n}, labels, weights);
  }

  private static List<Batch> packs(List<Batch> rows, int capacity) {
    int[] lengths = rows.stream().mapToInt(r -> r.ids().length).toArray();
    List<Batch> packs = new ArrayList<>();
    for (int[] pack : Packing.pack(lengths, capacity, Packing.Strategy.BINPACK)) {
      List<Batch> parts = new ArrayList<>();
      for (int row : pack) {
        parts.add(rows.get(row));
      }
      packs.add(RowBatches.join(parts));
    }
    return packs;
  }
}
