package io.swiftjvm.model;

import org.jspecify.annotations.Nullable;

/** What mixes the positions of a text in one layer: attention of a kind, or a recurrence. */
public sealed interface MixerConfig permits AttentionConfig, LatentAttentionConfig, DeltaNetConfig {
  /** The rotation of queries and keys; null = none. */
  @Nullable RopeSpec rope();

  /** Columns of all queries. */
  int queryWidth();

  /** Columns of all keys. */
  int keyWidth();

  /** Columns of all values. */
  int valueWidth();

  /** Query heads. */
  int heads();

  /** A position sees itself and {@code window - 1} before it; 0 = all. */
  default int window() {
    return 0;
  }
}
