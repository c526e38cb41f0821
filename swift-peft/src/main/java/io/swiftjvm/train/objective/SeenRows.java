package io.swiftjvm.train.objective;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A measure over all texts at once: it keeps them until it is asked. */
abstract class SeenRows implements Measure {
  private final List<double[]> rows = new ArrayList<>();
  private final List<Float> labels = new ArrayList<>();

  @Override
  public final void see(double[][] outputs, float[] given) {
    rows.addAll(List.of(outputs));
    for (float label : given) {
      labels.add(label);
    }
  }

  @Override
  public final Map<String, Double> values() {
    float[] flat = new float[labels.size()];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = labels.get(i);
    }
    Map<String, Double> all = new HashMap<>(rows.isEmpty() ? Map.of() : values(rows.toArray(double[][]::new), flat));
    all.values().removeIf(value -> !Double.isFinite(value));
    return all;
  }

  abstract Map<String, Double> values(double[][] rows, float[] labels);
}
