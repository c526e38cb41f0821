package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.train.objective.LossSpec;
import io.swiftjvm.tuner.FullSpec;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.method.PromptSpec;
import java.util.ArrayList;
import java.util.List;

/** What goes together where texts have a target: classifiers, embeddings, rerankers. */
final class TextRules {
  private static final String HEAD = "score";

  private TextRules() {}

  /** The plan with what its task and its length imply: a LoRA trains a score head beside it, as in PEFT. */
  static Settings completed(Settings s) {
    if (!(s.tuner() instanceof LoraSpec lora)) {
      return s;
    }
    LoraSpec whole = lora;
    Integer length = s.text().maxLength();
    if (lora.attention().on() && lora.attention().length() == 0 && length != null) {
      whole = whole.attention(lora.attention().length(length));
    }
    if (s.task().classifies() && !lora.modulesToSave().contains(HEAD)) {
      List<String> modules = new ArrayList<>(lora.modulesToSave());
      modules.add(HEAD);
      whole = whole.modulesToSave(modules);
    }
    return whole.equals(lora) ? s : s.tuner(whole);
  }

  static void check(Settings s, ModelConfig model, List<String> problems) {
    HeadSettings head = s.head();
    try {
      head.head(s.task(), model);
    } catch (InvalidPlanException e) {
      problems.add(String.valueOf(e.getMessage()));
    }
    if (!s.task().classifies() && head.labels() != null) {
      problems.add("num_labels is " + head.labels() + " with task_type " + s.task() + ", which has no score head. Use "
          + "task_type seq_cls, or leave it out.");
    }
    if (s.task() != Task.EMBEDDING && !head.widths().isEmpty()) {
      problems.add("mrl_dims is " + head.widths() + " with task_type " + s.task() + "; it belongs to embedding.");
    }
    if (s.task().ofTexts() && s.data().any()) {
      training(s, problems);
    }
  }

  private static void training(Settings s, List<String> problems) {
    boolean headless = !(s.tuner() instanceof LoraSpec) && !(s.tuner() instanceof FullSpec);
    if (s.task().classifies() && headless || s.tuner() instanceof PromptSpec) {
      problems.add("tuner_type is " + TunerArguments.name(s.tuner()) + " with task_type " + s.task()
          + (s.task().classifies() ? ", whose score head only lora (without use_dora) and full train."
              : ", whose texts go without trained tokens. Use lora, full or another method."));
    }
    if (s.hooks().channelLoss()) {
      problems.add("enable_channel_loss is true with task_type " + s.task() + ", whose loss is not over tokens. Leave it out.");
    }
    if (!s.data().cached().isEmpty()) {
      problems.add("cached_dataset holds texts without their targets; task_type " + s.task() + " needs --dataset.");
    }
    if (!s.train().loss().equals(LossSpec.DEFAULT)) {
      problems.add("label smoothing, DFT, z-loss and NEFTune belong to language models; leave them out with task_type "
          + s.task() + ".");
    }
  }
}
