package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a training minimises. */
public enum Task {
  /** Supervised fine-tuning on conversations. */
  SFT,
  /** Continued pre-training on plain text. */
  PT,
  /** Classes or values of texts, by a score head on the last token. */
  SEQ_CLS,
  /** Vectors of texts that are near where the texts are alike. */
  EMBEDDING,
  /** How well a document answers a question, by a score head with one output. */
  RERANKER,
  /** The same by the next token: "yes" or "no". */
  GENERATIVE_RERANKER;

  /** The task called so by ms-swift. */
  public static Task of(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).filter(task -> task.toString().equals(wanted)).findFirst()
        .or(() -> wanted.equals("causal_lm") ? Optional.of(SFT) : Optional.empty())
        .orElseThrow(() -> new InvalidPlanException(
            "task_type is '" + name + "'; it must be one of " + Arrays.toString(values()) + "."));
  }

  /** True if whole texts have a target, not their tokens. */
  public boolean ofTexts() {
    return this != SFT && this != PT;
  }

  /** True if the model gets a score head. */
  public boolean classifies() {
    return this == SEQ_CLS || this == RERANKER;
  }

  /** Its name in a plan. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
