package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.RowFacts;
import io.swiftjvm.data.batch.BatchOrder;
import io.swiftjvm.data.batch.Epoch;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.BatchSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Units of training (rows, or packs of rows) as the micro-batches of every step. The batches of an epoch are a pure
 * function of its number, so any step can be asked for at any time. A unit without tokens is left out.
 */
final class RowBatches implements BatchSource {
  private static final RowFacts NOTHING_KNOWN = new RowFacts(new float[0], null);

  private final List<Batch> units;
  private final BatchSpec spec;
  private final BatchOrder order;
  private final String fingerprint;
  /** Steps done at the end of each epoch, as far as they were needed. */
  private final List<Integer> ends = new ArrayList<>();
  private int at = -1;
  private @Nullable Epoch epoch;

  /** {@code units} may be computed when they are asked for. */
  RowBatches(List<Batch> units, BatchSpec spec, BatchOrder order, String fingerprint) {
    this.units = units;
    this.spec = spec;
    this.order = order;
    this.fingerprint = fingerprint;
  }

  @Override
  public int steps() {
    Integer max = spec.maxSteps();
    if (max != null) {
      return max;
    }
    int whole = (int) spec.epochs();
    double part = spec.epochs() - whole;
    int done = whole == 0 ? 0 : end(whole - 1);
    return part == 0 ? done : done + (int) Math.ceil(part * (end(whole) - done) - 1e-9);
  }

  @Override
  public List<Batch> step(int step) {
    int number = epochOf(step);
    Epoch batches = batches(number);
    int from = (step - (number == 0 ? 0 : end(number - 1))) * spec.microBatches();
    List<Batch> out = new ArrayList<>();
    for (int i = from; i < Math.min((long) from + spec.microBatches(), batches.batches()); i++) {
      List<Batch> rows = new ArrayList<>();
      for (int row : batches.batch(i)) {
        Batch unit = units.get(row);
        if (unit.ids().length > 0) {
          rows.add(unit);
        }
      }
      if (!rows.isEmpty()) {
        out.add(join(rows));
      }
    }
    return out;
  }

  @Override
  public double epoch(int step) {
    int number = epochOf(step);
    int before = number == 0 ? 0 : end(number - 1);
    return number + (step + 1.0 - before) / (end(number) - before);
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  private int epochOf(int step) {
    int number = 0;
    while (end(number) <= step) {
      number++;
    }
    return number;
  }

  private int end(int number) {
    while (ends.size() <= number) {
      int next = ends.size();
      int steps = Math.max(1, Math.ceilDiv(batches(next).batches(), spec.microBatches()));
      ends.add(Math.addExact(next == 0 ? 0 : ends.getLast(), steps));
    }
    return ends.get(number);
  }

  private Epoch batches(int number) {
    Epoch known = epoch;
    if (known == null || at != number) {
      known = order.epoch(number);
      epoch = known;
      at = number;
    }
    return known;
  }

  /** Rows one behind the other, each with its own positions. */
  static Batch join(List<Batch> rows) {
    if (rows.size() == 1) {
      return rows.getFirst();
    }
    int n = rows.stream().mapToInt(r -> r.ids().length).sum();
    boolean weighted = rows.stream().anyMatch(r -> r.weights() != null);
    int[] ids = new int[n];
    int[] positions = new int[n];
    int[] labels = new int[n];
    float[] weights = weighted ? new float[n] : null;
    List<Integer> starts = new ArrayList<>(List.of(0));
    List<RowFacts> facts = new ArrayList<>();
    boolean known = rows.stream().anyMatch(row -> !row.facts().isEmpty());
    int at = 0;
    for (Batch row : rows) {
      int length = row.ids().length;
      System.arraycopy(row.ids(), 0, ids, at, length);
      System.arraycopy(row.positions(), 0, positions, at, length);
      System.arraycopy(row.labels(), 0, labels, at, length);
      float[] own = row.weights();
      for (int i = 0; weights != null && i < length; i++) {
        weights[at + i] = own == null ? 1 : own[i];
      }
      for (int s = 1; s < row.cuSeqlens().length; s++) {
        starts.add(at + row.cuSeqlens()[s]);
      }
      facts.addAll(row.facts().isEmpty() && known
          ? Collections.nCopies(row.cuSeqlens().length - 1, NOTHING_KNOWN) : row.facts());
      at += length;
    }
    return new Batch(ids, positions, starts.stream().mapToInt(Integer::intValue).toArray(), labels, weights, facts);
  }
}
