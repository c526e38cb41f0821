package io.swiftjvm.model;

import io.swiftjvm.autograd.RouterSpec;
import org.jspecify.annotations.Nullable;

/**
 * A mixture of experts: every token goes through the few that a router chooses, and through the shared ones.
 *
 * @param router the choice
 * @param correction a stored bias shifts the choice, {@code e_score_correction_bias}
 * @param expert one expert
 * @param storage how the experts are stored
 * @param shared the part that every token goes through; null = none
 * @param sharedGate the shared part is scaled by a sigmoid of its own
 */
public record MoeConfig(
    RouterSpec router, boolean correction, MlpConfig expert, Storage storage, @Nullable MlpConfig shared,
    boolean sharedGate) implements FeedForwardConfig {
  /** How the experts are stored. */
  public enum Storage {
    /** Each has projections of its own. */
    SEPARATE,
    /**
     * Stacked (experts,in,out) with biases, gate and up in alternating columns, clamped at 7, the gate's sigmoid
     * sharpened by 1.702 (gpt-oss).
     */
    STACKED_CLAMPED
  }

  @Override
  public long activeWidth() {
    return (long) router.topK() * expert.width() + (shared == null ? 0 : shared.width());
  }
}
