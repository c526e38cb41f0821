package io.swiftjvm.train.objective;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * A loss over the first columns of vectors (Matryoshka, arXiv 2205.13147): the weighted sum of a loss over several widths,
 * each with vectors of length one, so that a vector may be cut later.
 *
 * {@snippet :
 * VectorLoss loss = new Matryoshka(InfoNce.DEFAULT, Map.of(256, 1.0, 1024, 1.0));
 * }
 *
 * @param inner the loss of one width
 * @param weights weight by width; at least one
 */
public record Matryoshka(VectorLoss inner, Map<Integer, Double> weights) implements VectorLoss {
  public Matryoshka {
    weights = Map.copyOf(weights);
    if (weights.isEmpty() || weights.keySet().stream().anyMatch(width -> width < 1)) {
      throw new InvalidPlanException("mrl_dims is " + weights + "; it needs widths of 1 and more, such as {\"256\": 1}.");
    }
  }

  @Override
  public Measure measure() {
    return inner.measure();
  }

  @Override
  public double parts(float[] labels) {
    return inner.parts(labels);
  }

  @Override
  public Value of(double[][] rows, float[] labels) {
    double loss = 0;
    double[][] gradient = new double[rows.length][rows[0].length];
    for (Map.Entry<Integer, Double> part : new TreeMap<>(weights).entrySet()) {
      int width = part.getKey();
      if (width > rows[0].length) {
        throw new InvalidPlanException("mrl_dims has width " + width + ", the model's vectors have " + rows[0].length
            + " columns. Leave it out.");
      }
      double[][] cut = Arrays.stream(rows).map(row -> Arrays.copyOf(row, width)).toArray(double[][]::new);
      double[] sizes = VectorObjective.normalise(cut);
      Value found = inner.of(cut, labels);
      loss += part.getValue() * found.loss();
      for (int i = 0; i < cut.length; i++) {
        double along = PairLoss.dot(found.gradient()[i], cut[i]);
        for (int j = 0; j < width; j++) {
          gradient[i][j] += part.getValue() * (found.gradient()[i][j] - along * cut[i][j]) / sizes[i];
        }
      }
    }
    return new Value(loss, gradient);
  }
}
