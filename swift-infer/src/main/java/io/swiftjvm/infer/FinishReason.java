package io.swiftjvm.infer;

import java.util.Locale;

/** Why an answer ended. */
public enum FinishReason {
  /** The model ended it, or a stop text or stop token came. */
  STOP,
  /** It has as many tokens as were allowed. */
  LENGTH,
  /** The caller cancelled it; what there was is in the answer. */
  CANCELLED;

  /** Lower case, as in the OpenAI API. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
