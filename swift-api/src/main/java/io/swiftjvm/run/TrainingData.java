package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.batch.Packing;
import io.swiftjvm.data.rows.DatasetLoader;
import io.swiftjvm.data.rows.DropReport;
import io.swiftjvm.data.rows.LoadOptions;
import io.swiftjvm.data.rows.LoadedRows;
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
    LoadedRows all = DatasetLoader.load(data.datasets(), options);
    List<Row> train = data.shuffle() ? DatasetLoader.shuffle(all.rows(), settings.train().dataSeed(), "dataset") : all.rows();
    List<Row> held = List.of();
    DropReport report = all.report();
    if (!data.validation().isEmpty()) {
      LoadedRows more = DatasetLoader.load(data.validation(), options);
      held = more.rows();
      List<DropReport.Dropped> lost = new ArrayList<>(report.dropped());
      lost.addAll(more.report().dropped());
      report = new DropReport(report.kept() + more.report().kept(), lost);
    } else if (data.splitRatio() > 0) {
      int size = Math.max(1, (int) (train.size() * data.splitRatio()));
      if (size >= train.size()) {
        throw new DatasetException("split_dataset_ratio " + data.splitRatio() + " leaves no row of " + train.size()
            + " to train on. Lower it.");
      }
      held = train.subList(train.size() - size, train.size());
      train = train.subList(0, train.size() - size);
    }
    Encoder encoder = Encoder.of(settings, loaded);
    List<DropReport.Dropped> dropped = new ArrayList<>();
    List<Batch> rows = encode(encoder, train, data.strict(), dropped);
    List<Batch> validation = encode(encoder, held, data.strict(), dropped);
    report = report.without(dropped);
    report.dropped().forEach(d -> listener.accept(new TrainEvent.Warning(0, "row dropped: " + d)));
    if (rows.isEmpty()) {
      throw new DatasetException("no row is left to train on: " + report
          + (report.dropped().isEmpty() ? "" : "; the first: " + report.dropped().getFirst()) + ".");
    }
    List<Batch> units = settings.text().packing() ? packs(rows, encoder.packLength()) : rows;
    String fingerprint = Fingerprint.of(units, settings);
    BatchSource source = new RowBatches(
        units, settings.train().batch(), data.loaderShuffle(), settings.train().dataSeed(), fingerprint);
    return new TrainingData(source, validation, report);
  }

  /** How the files of {@code settings} are read. */
  public static LoadOptions options(Settings settings) {
    DataSettings data = settings.data();
    return LoadOptions.DEFAULT.strict(data.strict()).shuffle(data.shuffle(), settings.train().dataSeed())
        .columns(data.columns()).identity(data.modelName(), data.modelAuthor());
  }

  private static List<Batch> encode(
      Encoder encoder, List<Row> rows, boolean strict, List<DropReport.Dropped> dropped) {
    List<Batch> out = new ArrayList<>();
    for (Row row : rows) {
      try {
        encoder.encode(row).forEach(encoded -> out.add(batch(encoded)));
      } catch (SwiftException e) {
        if (strict) {
          throw new DatasetException(row.origin() + ": " + e.getMessage(), e);
        }
        dropped.add(new DropReport.Dropped(row.origin(), String.valueOf(e.getMessage())));
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
