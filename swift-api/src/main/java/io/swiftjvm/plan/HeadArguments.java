package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.INTEGER;
import static io.swiftjvm.plan.Argument.Kind.MAP;
import static io.swiftjvm.plan.Argument.Kind.NUMBER;
import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.TEXT;
import static io.swiftjvm.plan.ModelArguments.toInt;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.train.objective.InfoNce;
import io.swiftjvm.train.objective.RankLoss;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Arguments of classifiers, embeddings and rerankers. */
final class HeadArguments {
  static final List<Argument> LIST = List.of(
      Argument.of("num_labels", INTEGER, "Outputs of the score head of task_type seq_cls, which it implies.",
          s -> s.head().labels(), (s, v) -> labelled(s, toInt("num_labels", v))),
      Argument.of("problem_type", TEXT, "regression, single_label_classification, multi_label_classification.",
          s -> s.head().problemType(), (s, v) -> s.head(h -> h.problemType((String) v))),
      nce("infonce_temperature", NUMBER, "Divides similarities.", InfoNce::temperature, (n, v) -> n.temperature((Double) v)),
      nce("infonce_use_batch", SWITCH, "Answers of the whole batch are wrong ones for other questions.",
          InfoNce::wholeBatch, (n, v) -> n.wholeBatch((Boolean) v)),
      Argument.of("infonce_hard_negatives", INTEGER, "Wrong answers of each question; unset = as the rows have them.",
          s -> s.head().hardNegatives(), (s, v) -> s.head(h -> h.hardNegatives(toInt("infonce_hard_negatives", v)))),
      nce("infonce_mask_fake_negative", SWITCH, "Leave out what is nearer than the answer by more than the margin.",
          InfoNce::maskFakeNegatives, (n, v) -> n.maskFakeNegatives((Boolean) v)),
      nce("infonce_fake_neg_margin", NUMBER, "That margin.", InfoNce::margin, (n, v) -> n.margin((Double) v)),
      nce("infonce_include_qq", SWITCH, "Other questions are wrong answers too.",
          InfoNce::questions, (n, v) -> n.questions((Boolean) v)),
      nce("infonce_include_dd", SWITCH, "The answer should be far from other answers too.",
          InfoNce::answers, (n, v) -> n.answers((Boolean) v)),
      Argument.of("mrl_dims", MAP, "Weight by width of embeddings (Matryoshka), such as {\"256\": 1, \"1024\": 1}.",
          s -> new TreeMap<>(s.head().widths()), (s, v) -> s.head(h -> h.widths(widths((Map<?, ?>) v)))),
      Argument.of("listwise_reranker_temperature", NUMBER, "Divides the scores of a group.",
          s -> s.head().list().temperature(),
          (s, v) -> s.head(h -> h.list(new RankLoss(true, (Double) v, h.list().smallest())))),
      Argument.of("listwise_reranker_min_group_size", INTEGER, "Groups of fewer texts are left out.",
          s -> s.head().list().smallest(), (s, v) -> s.head(h -> h.list(new RankLoss(
              true, h.list().temperature(), toInt("listwise_reranker_min_group_size", v))))),
      Argument.of("max_positive_samples", INTEGER, "Right answers of a row that a reranker takes.",
          s -> s.head().positives(), (s, v) -> s.head(h -> h.samples(toInt("max_positive_samples", v), h.negatives()))),
      Argument.of("max_negative_samples", INTEGER, "Wrong answers beside each of them.",
          s -> s.head().negatives(), (s, v) -> s.head(h -> h.samples(h.positives(), toInt("max_negative_samples", v)))),
      Argument.of("generative_reranker_positive_token", TEXT, "Token of a right answer.",
          s -> s.head().yes(), (s, v) -> s.head(h -> h.words((String) v, h.no()))),
      Argument.of("generative_reranker_negative_token", TEXT, "Token of a wrong answer.",
          s -> s.head().no(), (s, v) -> s.head(h -> h.words(h.yes(), (String) v))));

  private HeadArguments() {}

  private static Argument nce(
      String name, Argument.Kind kind, String help, Function<InfoNce, Object> get,
      BiFunction<InfoNce, Object, InfoNce> set) {
    return Argument.of(name, kind, help, s -> get.apply(s.head().infonce()),
        (s, v) -> s.head(h -> h.infonce(set.apply(h.infonce(), v))));
  }

  private static Settings labelled(Settings s, int labels) {
    return (s.task() == Task.SFT ? s.task(Task.SEQ_CLS) : s).head(h -> h.labels(labels));
  }

  private static Map<Integer, Double> widths(Map<?, ?> given) {
    Map<Integer, Double> out = new TreeMap<>();
    given.forEach((width, weight) -> {
      try {
        out.put(Integer.valueOf(String.valueOf(width)), Double.valueOf(String.valueOf(weight)));
      } catch (NumberFormatException e) {
        throw new InvalidPlanException("mrl_dims has '" + width + "': " + weight + "; write widths and weights, such as "
            + "{\"256\": 1}.", e);
      }
    });
    return out;
  }
}
