package io.swiftjvm.model;

/**
 * One layer.
 *
 * @param mixer attention or a recurrence
 * @param feedForward a feed-forward part or a mixture of experts
 * @param norms where the norms are
 * @param residualScale factor on what both parts add to the stream, normally 1
 */
public record LayerConfig(MixerConfig mixer, FeedForwardConfig feedForward, Norms norms, float residualScale) {
  /** Where a layer has its norms. */
  public enum Norms {
    /** Before each part. */
    BEFORE(true, false, false),
    /** After each part, before the sum (OLMo2). */
    AFTER(false, true, false),
    /** Before and after each part (Gemma2). */
    AROUND(true, true, false),
    /** One norm before both parts, which work side by side (Cohere). */
    PARALLEL(true, false, true);

    final boolean before;
    final boolean after;
    final boolean parallel;

    Norms(boolean before, boolean after, boolean parallel) {
      this.before = before;
      this.after = after;
      this.parallel = parallel;
    }
  }

  /** A layer with norms before both parts. */
  public static LayerConfig of(MixerConfig mixer, FeedForwardConfig feedForward) {
    return new LayerConfig(mixer, feedForward, Norms.BEFORE, 1);
  }
}
