package io.swiftjvm.run;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.Pooling;
import io.swiftjvm.plan.HeadSettings;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.plan.Task;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.train.objective.CausalLmObjective;
import io.swiftjvm.train.objective.Matryoshka;
import io.swiftjvm.train.objective.Objective;
import io.swiftjvm.train.objective.PairLoss;
import io.swiftjvm.train.objective.RankLoss;
import io.swiftjvm.train.objective.VectorLoss;
import io.swiftjvm.train.objective.VectorObjective;
import io.swiftjvm.train.objective.YesNo;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The loss of a plan: that of its task, by the names of ms-swift, or one that is registered. */
final class TaskLoss {
  private static final String INFONCE = "infonce";
  private static final String POINTWISE = "pointwise_reranker";
  private static final String LISTWISE = "listwise_reranker";

  private TaskLoss() {}

  /** True if the loss of embeddings so called takes pairs of texts. */
  static boolean pairs(@Nullable String name) {
    return name != null && Arrays.stream(PairLoss.Kind.values()).anyMatch(kind -> named(kind).equals(name));
  }

  private static String named(PairLoss.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  static Objective of(Settings s, LoadedModel loaded) {
    String name = s.hooks().lossType();
    HeadSettings head = s.head();
    Objective own = switch (s.task()) {
      case SFT, PT -> name == null
          ? (s.task() == Task.PT ? CausalLmObjective.PT : CausalLmObjective.SFT).with(s.train().loss()) : null;
      case SEQ_CLS -> name == null ? head.kind(loaded.model().config().head().outputs()).objective() : null;
      case EMBEDDING -> embedding(name == null ? INFONCE : name, s, loaded);
      case RERANKER -> ranked(name == null ? POINTWISE : name, s, null);
      case GENERATIVE_RERANKER -> ranked(name == null ? POINTWISE : name, s, words(head, loaded.tokenizer()));
    };
    Objective found = own != null ? own : Hooks.objective(s.hooks());
    if (found == null) {
      throw new InvalidPlanException("task_type " + s.task() + " has no loss. Set loss_type.");
    }
    return found;
  }

  private static @Nullable Objective embedding(String name, Settings s, LoadedModel loaded) {
    VectorLoss loss = name.equals(INFONCE) ? s.head().infonce()
        : Arrays.stream(PairLoss.Kind.values()).filter(kind -> named(kind).equals(name)).findFirst()
            .map(PairLoss::of).orElse(null);
    if (loss == null) {
      return null;
    }
    VectorLoss wide = s.head().widths().isEmpty() ? loss : new Matryoshka(loss, s.head().widths());
    return new VectorObjective("embedding " + wide, wide, Pooling.of(loaded.source().folder()), true);
  }

  private static @Nullable Objective ranked(String name, Settings s, @Nullable YesNo words) {
    RankLoss loss = name.equals(POINTWISE) ? RankLoss.POINTWISE : name.equals(LISTWISE) ? s.head().list() : null;
    return loss == null ? null : new VectorObjective(s.task() + " " + loss, loss, Pooling.LAST, false, words);
  }

  /** The tokens by which a generative reranker answers. */
  static YesNo words(HeadSettings head, Tokenizer tokenizer) {
    return new YesNo(id(tokenizer, "positive", head.yes()), id(tokenizer, "negative", head.no()));
  }

  private static int id(Tokenizer tokenizer, String which, String word) {
    OptionalInt whole = tokenizer.id(word);
    if (whole.isPresent()) {
      return whole.getAsInt();
    }
    List<Integer> ids = Arrays.stream(tokenizer.encode(word, false)).boxed().toList();
    if (ids.size() != 1) {
      throw new InvalidPlanException("generative_reranker_" + which + "_token is '" + word + "', which is " + ids.size()
          + " tokens of this model. Name one that is a token.");
    }
    return ids.getFirst();
  }
}
