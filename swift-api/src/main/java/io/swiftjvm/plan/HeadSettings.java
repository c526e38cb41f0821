package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.ClassifierHead;
import io.swiftjvm.train.objective.ClassObjective;
import io.swiftjvm.train.objective.InfoNce;
import io.swiftjvm.train.objective.RankLoss;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Settings of classifiers, embeddings and rerankers. Those that ms-swift reads from the environment have the variable's
 * name in lower case.
 *
 * @param labels outputs of a score head; null = those of the model, 1 for a reranker
 * @param problemType regression, single_label_classification, multi_label_classification; null = by the number of labels
 * @param infonce the loss of embeddings
 * @param hardNegatives wrong answers of each question: longer lists are cut, shorter ones repeated; null = as they are
 * @param list the listwise loss of rerankers
 * @param positives right answers of a row that a reranker takes, 1 and more
 * @param negatives wrong answers beside each, 0 and more
 * @param widths weight by width of the vectors, see {@link io.swiftjvm.train.objective.Matryoshka}; none = off
 * @param yes the token of a right answer, for generative rerankers
 * @param no the token of a wrong answer
 */
public record HeadSettings(
    @Nullable Integer labels, @Nullable String problemType, InfoNce infonce, @Nullable Integer hardNegatives,
    RankLoss list, int positives, int negatives, Map<Integer, Double> widths, String yes, String no) {
  /** ms-swift's. */
  public static final HeadSettings DEFAULT =
      new HeadSettings(null, null, InfoNce.DEFAULT, null, RankLoss.LISTWISE, 1, 7, Map.of(), "yes", "no");

  public HeadSettings {
    widths = Map.copyOf(widths);
    if (labels != null && labels < 1) {
      throw new InvalidPlanException("num_labels is " + labels + "; it must be 1 or more.");
    }
    if (problemType != null) {
      ClassObjective.Kind.of(problemType, 1);
    }
    if (positives < 1 || negatives < 0 || hardNegatives != null && hardNegatives < 1) {
      throw new InvalidPlanException("max_positive_samples is " + positives + ", max_negative_samples " + negatives
          + ", infonce_hard_negatives " + hardNegatives + "; they must be at least 1, 0 and 1.");
    }
  }

  HeadSettings labels(@Nullable Integer v) {
    return new HeadSettings(v, problemType, infonce, hardNegatives, list, positives, negatives, widths, yes, no);
  }

  HeadSettings problemType(@Nullable String v) {
    return new HeadSettings(labels, v, infonce, hardNegatives, list, positives, negatives, widths, yes, no);
  }

  HeadSettings infonce(InfoNce v) {
    return new HeadSettings(labels, problemType, v, hardNegatives, list, positives, negatives, widths, yes, no);
  }

  HeadSettings hardNegatives(@Nullable Integer v) {
    return new HeadSettings(labels, problemType, infonce, v, list, positives, negatives, widths, yes, no);
  }

  HeadSettings list(RankLoss v) {
    return new HeadSettings(labels, problemType, infonce, hardNegatives, v, positives, negatives, widths, yes, no);
  }

  HeadSettings samples(int right, int wrong) {
    return new HeadSettings(labels, problemType, infonce, hardNegatives, list, right, wrong, widths, yes, no);
  }

  HeadSettings widths(Map<Integer, Double> v) {
    return new HeadSettings(labels, problemType, infonce, hardNegatives, list, positives, negatives, v, yes, no);
  }

  HeadSettings words(String right, String wrong) {
    return new HeadSettings(labels, problemType, infonce, hardNegatives, list, positives, negatives, widths, right, wrong);
  }

  /**
   * The head that a task puts on a model; null = none.
   *
   * @throws InvalidPlanException if it is not said how many outputs it has
   */
  public @Nullable ClassifierHead head(Task task, ModelConfig model) {
    if (!task.classifies()) {
      return null;
    }
    boolean own = model.architecture().filter(name -> name.endsWith("ForSequenceClassification")).isPresent();
    Integer outputs = labels != null ? labels : own ? Integer.valueOf(ClassifierHead.classes(model))
        : task == Task.RERANKER ? Integer.valueOf(1) : null;
    if (outputs == null) {
      throw new InvalidPlanException("task_type is " + task + " without num_labels, and the model has no score head. Set "
          + "num_labels: the number of classes, 1 for a value.");
    }
    return new ClassifierHead(outputs, task == Task.RERANKER ? null : kind(outputs).toString(), null);
  }

  /** What a score head with so many outputs stands for. */
  public ClassObjective.Kind kind(int outputs) {
    return ClassObjective.Kind.of(problemType, outputs);
  }
}
