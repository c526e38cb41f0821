package io.swiftjvm.hub;

/** Upper ends of the sizes that a {@code config.json} may give; far above any real model, far below an overflow. */
public final class ConfigLimits {
  /** Hidden, intermediate and head sizes. */
  public static final int WIDTH = 1 << 20;

  /** Attention heads and key-value heads. */
  public static final int HEADS = 1 << 14;

  /** Experts of a layer. */
  public static final int EXPERTS = 1 << 14;

  /** Decoder layers. */
  public static final int LAYERS = 1 << 12;

  /** Entries of the vocabulary. */
  public static final int VOCABULARY = 1 << 24;

  /** Positions of a text. */
  public static final int POSITIONS = 1 << 30;

  private ConfigLimits() {}
}
