package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.BatchSpec;
import io.swiftjvm.tuner.Seeds;
import java.util.ArrayList;
import java.util.List;

/**
 * Units of training (rows, or packs of rows) as the micro-batches of every step. The order of an epoch is a pure
 * function
 * of seed and epoch, so any step can be asked for at any time.
 */
final class RowBatches implements BatchSource {
  private final List<Batch> units;
  private final BatchSpec spec;
  private final boolean shuffle;
  private final long seed;
  private final String fingerprint;

  RowBatches(List<Batch> units, BatchSpec spec, boolean shuffle, long seed, String fingerprint) {
    this.units = List.copyOf(units);
    this.spec = spec;
    this.shuffle = shuffle;
    this.seed = seed;
    this.fingerprint = fingerprint;
  }

  @Override
  public int steps() {
    return spec.totalSteps(units.size());
  }

  @Override
  public List<Batch> step(int step) {
    int perEpoch = spec.stepsPerEpoch(units.size());
    int[] order = order(step / perEpoch);
    long perStep = (long) spec.perDevice() * spec.microBatches();
    int from = (int) (step % perEpoch * perStep);
    int to = (int) Math.min(units.size(), from + perStep);
    List<Batch> batches = new ArrayList<>();
    for (int at = from; at < to; at += Math.min(to - at, spec.perDevice())) {
      List<Batch> rows = new ArrayList<>();
      for (int i = at; i < Math.min(to, (long) at + spec.perDevice()); i++) {
        rows.add(units.get(order[i]));
      }
      batches.add(join(rows));
    }
    return batches;
  }

  @Override
  public double epoch(int step) {
    return (step + 1.0) / spec.stepsPerEpoch(units.size());
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  private int[] order(int epoch) {
    int[] order = new int[units.size()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    if (shuffle) {
      shuffle(order, seed, "epoch " + epoch);
    }
    return order;
  }

  /** Fisher and Yates. */
  static void shuffle(int[] order, long seed, String name) {
    Seeds random = Seeds.of(seed, name);
    for (int i = order.length - 1; i > 0; i--) {
      int j = (int) (random.uniform() * (i + 1));
      int swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
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
      at += length;
    }
    return new Batch(ids, positions, starts.stream().mapToInt(Integer::intValue).toArray(), labels, weights);
  }
}
