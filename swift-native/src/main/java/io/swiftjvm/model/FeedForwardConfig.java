package io.swiftjvm.model;

/** What works on each position alone in one layer. */
public sealed interface FeedForwardConfig permits MlpConfig, MoeConfig {
  /** Columns between the projections that one token goes through. */
  long activeWidth();
}
