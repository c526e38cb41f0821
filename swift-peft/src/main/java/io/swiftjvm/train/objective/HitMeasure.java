package io.swiftjvm.train.objective;

import java.util.Map;

/** The share of predictions that are right: {@code acc} of classes, {@code token_acc} of tokens. */
final class HitMeasure implements Measure {
  private final String name;
  private long hits;
  private long all;

  HitMeasure(String name) {
    this.name = name;
  }

  @Override
  public void see(double[][] outputs, float[] labels) {
    for (int i = 0; i < labels.length; i++) {
      hits += outputs[i][0] == labels[i] ? 1 : 0;
    }
    all += labels.length;
  }

  @Override
  public Map<String, Double> values() {
    return all == 0 ? Map.of() : Map.of(name, (double) hits / all);
  }

  /** The largest value of every row of {@code columns}, as the number of its column. */
  static double[][] best(float[] flat, int columns) {
    double[][] best = new double[flat.length / columns][1];
    for (int i = 0; i < best.length; i++) {
      int at = 0;
      for (int j = 1; j < columns; j++) {
        at = flat[i * columns + j] > flat[i * columns + at] ? j : at;
      }
      best[i][0] = at;
    }
    return best;
  }
}
