package io.swiftjvm.plan;

/** What a training minimises. */
public enum Task {
  /** Supervised fine-tuning on conversations. */
  SFT,
  /** Continued pre-training on plain text. */
  PT
}
