package io.swiftjvm.train.objective;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.List;

/**
 * Losses over pairs of texts, first and second in turn; the label of a pair is that of its first text. The distance is 1 -
 * cosine.
 *
 * @param kind which one
 * @param margin distance that unlike texts should have at least; ms-swift: 0.5
 */
public record PairLoss(Kind kind, double margin) implements VectorLoss {
  /** Which loss. */
  public enum Kind {
    /** Mean squared difference of cosine and label, a wished-for similarity (arXiv 1908.10084). */
    COSINE_SIMILARITY,
    /** Mean of {@code d^2 / 2} for like pairs (label 1), {@code max(0, margin - d)^2 / 2} for others (Hadsell 2006). */
    CONTRASTIVE,
    /** The sum of {@code d^2} and {@code max(0, margin - d)^2} over the pairs that are hard in this batch. */
    ONLINE_CONTRASTIVE
  }

  private static final double EPSILON = 1e-8;

  public PairLoss {
    if (!(margin > 0)) {
      throw new InvalidPlanException("the margin of a pair loss is " + margin + "; it must be above 0.");
    }
  }

  /** A loss with ms-swift's margin. */
  public static PairLoss of(Kind kind) {
    return new PairLoss(kind, 0.5);
  }

  @Override
  public Measure measure() {
    return new PairMeasure();
  }

  @Override
  public double parts(float[] labels) {
    return labels.length / 2.0;
  }

  @Override
  public Value of(double[][] rows, float[] labels) {
    if (rows.length % 2 != 0 || rows.length == 0) {
      throw new InvalidPlanException("a pair loss needs first and second texts in turn, got " + rows.length + " texts.");
    }
    int pairs = rows.length / 2;
    double[] cosine = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      cosine[i] = dot(rows[2 * i], rows[2 * i + 1]) / size(rows[2 * i]) / size(rows[2 * i + 1]);
    }
    double[] slope = new double[pairs];
    double loss = switch (kind) {
      case COSINE_SIMILARITY -> similarity(cosine, labels, slope);
      case CONTRASTIVE -> contrastive(cosine, labels, slope);
      case ONLINE_CONTRASTIVE -> online(cosine, labels, slope);
    };
    double[][] gradient = new double[rows.length][rows[0].length];
    for (int i = 0; i < pairs; i++) {
      cosineGradient(rows[2 * i], rows[2 * i + 1], cosine[i], slope[i], gradient[2 * i]);
      cosineGradient(rows[2 * i + 1], rows[2 * i], cosine[i], slope[i], gradient[2 * i + 1]);
    }
    return new Value(loss, gradient);
  }

  private static double similarity(double[] cosine, float[] labels, double[] slope) {
    double sum = 0;
    for (int i = 0; i < cosine.length; i++) {
      double off = cosine[i] - labels[2 * i];
      sum += off * off / cosine.length;
      slope[i] = 2 * off / cosine.length;
    }
    return sum;
  }

  private double contrastive(double[] cosine, float[] labels, double[] slope) {
    double sum = 0;
    for (int i = 0; i < cosine.length; i++) {
      double like = labels[2 * i];
      double distance = 1 - cosine[i];
      double short1 = Math.max(0, margin - distance);
      sum += 0.5 * (like * distance * distance + (1 - like) * short1 * short1) / cosine.length;
      slope[i] = -(like * distance - (1 - like) * short1) / cosine.length;
    }
    return sum;
  }

  private double online(double[] cosine, float[] labels, double[] slope) {
    List<Integer> like = new ArrayList<>();
    List<Integer> unlike = new ArrayList<>();
    for (int i = 0; i < cosine.length; i++) {
      (labels[2 * i] == 1 ? like : unlike).add(i);
    }
    double farthest = like.stream().mapToDouble(i -> 1 - cosine[i]).max().orElse(Double.NaN);
    double nearest = unlike.stream().mapToDouble(i -> 1 - cosine[i]).min().orElse(Double.NaN);
    // As in sentence-transformers: with one pair of a kind, the others are measured against their own mean.
    double unlikeBelow = like.size() > 1 ? farthest
        : unlike.stream().mapToDouble(i -> 1 - cosine[i]).average().orElse(Double.NaN);
    double likeAbove = unlike.size() > 1 ? nearest
        : like.stream().mapToDouble(i -> 1 - cosine[i]).average().orElse(Double.NaN);
    double sum = 0;
    for (int i : like) {
      double distance = 1 - cosine[i];
      if (distance > likeAbove) {
        sum += distance * distance;
        slope[i] = -2 * distance;
      }
    }
    for (int i : unlike) {
      double distance = 1 - cosine[i];
      double missing = Math.max(0, margin - distance);
      if (distance < unlikeBelow) {
        sum += missing * missing;
        slope[i] = 2 * missing;
      }
    }
    return sum;
  }

  /** Adds {@code slope} times the gradient of cos(a, b) by a. */
  private static void cosineGradient(double[] a, double[] b, double cosine, double slope, double[] out) {
    double sizeA = size(a);
    double sizeB = size(b);
    for (int j = 0; j < a.length; j++) {
      out[j] += slope * (b[j] / (sizeA * sizeB) - cosine * a[j] / (sizeA * sizeA));
    }
  }

  private static double size(double[] v) {
    return Math.max(EPSILON, Math.sqrt(dot(v, v)));
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
