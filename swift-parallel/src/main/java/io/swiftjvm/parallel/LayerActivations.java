package io.swiftjvm.parallel;

import static io.swiftjvm.parallel.TrainingPeak.block;

import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.LayerConfig.Norms;
import io.swiftjvm.model.MixerConfig;
import io.swiftjvm.model.MlpConfig;

/**
 * What the forward pass of one layer keeps for the backward pass, adapters aside.
 *
 * <p>c = hidden, q, k, v = widths of queries, keys and values, m = width of the feed-forward part, n = tokens of a pass.
 *
 * @param results bytes of what products and sums have made, and of factors of norms and softmax
 * @param remade bytes of what can be made again from those: outputs of norms, and the feed-forward part's product
 */
record LayerActivations(long results, long remade) {
  /**
   * Of a layer.
   *
   * @param mixerIn a projection that reads the mixer's input keeps it
   * @param feedForwardIn one that reads the feed-forward part's input keeps it
   * @param feedForwardOut the last projection keeps what it reads
   */
  static LayerActivations of(
      LayerConfig layer, long c, long n, boolean mixerIn, boolean feedForwardIn, boolean feedForwardOut) {
    MixerConfig mixer = layer.mixer();
    Norms norms = layer.norms();
    boolean before = norms != Norms.AFTER;
    boolean after = norms == Norms.AFTER || norms == Norms.AROUND;
    // The block's input and the sum in its middle are read by norms, or by projections where there are none before.
    long sums = norms == Norms.PARALLEL ? 1 : before ? 2 : count(mixerIn) + count(feedForwardIn);
    long inputs = norms == Norms.PARALLEL ? count(mixerIn || feedForwardIn)
        : before ? count(mixerIn) + count(feedForwardIn) : 0;
    long all = norms == Norms.PARALLEL ? 1 : (before ? 2 : 0) + (after ? 2 : 0);
    long m = layer.feedForward().activeWidth();
    boolean plain = layer.feedForward() instanceof MlpConfig mlp
        && (mlp.form() == MlpConfig.Form.PLAIN || mlp.form() == MlpConfig.Form.PLAIN_TRANSPOSED);
    boolean normed = normed(mixer);
    long kvHeads = mixer instanceof AttentionConfig attention ? attention.kvHeads() : mixer.heads();
    long results = (sums + (after ? 2 : 0)) * block(n, c) + all * block(n)
        + block(n, mixer.queryWidth()) + block(n, mixer.keyWidth()) + block(n, mixer.valueWidth())
        + block(n, outputWidth(mixer)) + block(mixer.heads(), n) + (plain ? 1 : 2) * block(n, m)
        + (normed ? block(n, mixer.heads()) + block(n, kvHeads) : 0);
    long remade = inputs * block(n, c) + (normed ? block(n, mixer.queryWidth()) + block(n, mixer.keyWidth()) : 0)
        + count(feedForwardOut) * block(n, m);
    return new LayerActivations(results, remade);
  }

  private static long count(boolean one) {
    return one ? 1 : 0;
  }

  /** True if queries and keys have norms of their own. */
  static boolean normed(MixerConfig mixer) {
    return mixer instanceof AttentionConfig attention && attention.qkNorm() != AttentionConfig.QkNorm.NONE;
  }

  /** Columns of what attention gives: one value for each query head. */
  static long outputWidth(MixerConfig mixer) {
    return mixer instanceof AttentionConfig attention ? attention.queryWidth() : mixer.valueWidth();
  }

  long all() {
    return results + remade;
  }
}
