package io.swiftjvm.train.objective;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.List;

/**
 * InfoNCE over groups of a question, its answer and wrong answers (arXiv 1807.03748): the question should be nearer to its
 * answer than to all others of the group, or of the whole batch. The label of a question is below 0, that of its answer,
 * which follows it, 1, that of wrong ones 0.
 *
 * {@snippet :
 * VectorLoss loss = InfoNce.DEFAULT.temperature(0.05).maskFakeNegatives(true);
 * }
 *
 * @param temperature divides the similarities
 * @param wholeBatch answers of other questions are wrong ones too
 * @param questions other questions are wrong answers too (Qwen3-Embedding)
 * @param answers the answer should be far from all others too (Qwen3-Embedding)
 * @param maskFakeNegatives leave out what is nearer than the answer by more than the margin: it may be right
 * @param margin of that
 */
public record InfoNce(
    double temperature, boolean wholeBatch, boolean questions, boolean answers, boolean maskFakeNegatives,
    double margin) implements VectorLoss {
  /** ms-swift's settings. */
  public static final InfoNce DEFAULT = new InfoNce(0.1, true, false, false, false, 0.1);

  /** Two texts and their dot product. */
  private record Term(int a, int b, double score) {}

  public InfoNce {
    if (!(temperature > 0)) {
      throw new InvalidPlanException("infonce temperature is " + temperature + "; it must be above 0.");
    }
    if (!(margin >= 0)) {
      throw new InvalidPlanException("infonce margin is " + margin + "; it must be 0 or more: below, the answer itself "
          + "would count as one that may be right by mistake.");
    }
  }

  /** Sets the temperature. Default: 0.1. */
  public InfoNce temperature(double value) {
    return new InfoNce(value, wholeBatch, questions, answers, maskFakeNegatives, margin);
  }

  /** Takes answers of the whole batch. Default: true. */
  public InfoNce wholeBatch(boolean on) {
    return new InfoNce(temperature, on, questions, answers, maskFakeNegatives, margin);
  }

  /** Takes other questions. Default: false. */
  public InfoNce questions(boolean on) {
    return new InfoNce(temperature, wholeBatch, on, answers, maskFakeNegatives, margin);
  }

  /** Compares answers. Default: false. */
  public InfoNce answers(boolean on) {
    return new InfoNce(temperature, wholeBatch, questions, on, maskFakeNegatives, margin);
  }

  /** Leaves out what may be right. Default: false. */
  public InfoNce maskFakeNegatives(boolean on) {
    return new InfoNce(temperature, wholeBatch, questions, answers, on, margin);
  }

  /** Sets by how much nearer that is. Default: 0.1. */
  public InfoNce margin(double value) {
    return new InfoNce(temperature, wholeBatch, questions, answers, maskFakeNegatives, value);
  }

  /** The first row of each group, and behind the last the number of rows. */
  static List<Integer> starts(float[] labels) {
    List<Integer> starts = new ArrayList<>();
    for (int row = 0; row < labels.length; row++) {
      boolean answered = starts.isEmpty() || starts.getLast() < row - 1;
      boolean fits = labels[row] < 0 ? answered : labels[row] == 1 ? !answered : answered && !starts.isEmpty();
      if (fits && labels[row] < 0) {
        starts.add(row);
      }
      if (!fits || (row == labels.length - 1 && labels[row] < 0)) {
        throw new InvalidPlanException("infonce needs groups of a question (label -1), its answer (1) and wrong ones (0);"
            + " text " + row + " has label " + labels[row] + ".");
      }
    }
    starts.add(labels.length);
    return starts;
  }

  @Override
  public Measure measure() {
    return new NegativesMeasure(wholeBatch);
  }

  @Override
  public double parts(float[] labels) {
    double groups = 0;
    for (float label : labels) {
      groups += label < 0 ? 1 : 0;
    }
    return groups;
  }

  @Override
  public Value of(double[][] rows, float[] labels) {
    List<Integer> starts = starts(labels);
    int groups = starts.size() - 1;
    double[][] gradient = new double[rows.length][rows[0].length];
    double loss = 0;
    for (int g = 0; g < groups; g++) {
      loss += group(rows, starts, g, gradient, groups) / groups;
    }
    return new Value(loss, gradient);
  }

  private double group(double[][] rows, List<Integer> starts, int g, double[][] gradient, int groups) {
    int question = starts.get(g);
    int answer = question + 1;
    double right = PairLoss.dot(rows[question], rows[answer]);
    double limit = maskFakeNegatives && wholeBatch ? right + margin : Double.POSITIVE_INFINITY;
    List<Term> terms = new ArrayList<>();
    for (int other = 0; other < groups; other++) {
      if (wholeBatch || other == g) {
        for (int text = starts.get(other) + 1; text < starts.get(other + 1); text++) {
          add(terms, rows, question, text, limit);
        }
      }
    }
    for (int other = 0; wholeBatch && other < groups; other++) {
      if (questions && other != g) {
        add(terms, rows, question, starts.get(other), limit);
      }
      for (int text = starts.get(other) + 1; answers && text < starts.get(other + 1); text++) {
        if (text != answer) {
          add(terms, rows, answer, text, Double.POSITIVE_INFINITY);
        }
      }
    }
    double most = terms.stream().mapToDouble(Term::score).max().orElse(0);
    double sum = terms.stream().mapToDouble(t -> Math.exp((t.score - most) / temperature)).sum();
    for (Term t : terms) {
      double share = Math.exp((t.score - most) / temperature) / sum;
      double slope = (share - (t.a == question && t.b == answer ? 1 : 0)) / temperature / groups;
      for (int j = 0; j < rows[0].length; j++) {
        gradient[t.a][j] += slope * rows[t.b][j];
        gradient[t.b][j] += slope * rows[t.a][j];
      }
    }
    return (most - right) / temperature + Math.log(sum);
  }

  private static void add(List<Term> terms, double[][] rows, int a, int b, double limit) {
    double score = PairLoss.dot(rows[a], rows[b]);
    if (score <= limit) {
      terms.add(new Term(a, b, score));
    }
  }
}
