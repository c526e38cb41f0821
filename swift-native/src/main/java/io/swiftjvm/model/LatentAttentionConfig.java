package io.swiftjvm.model;

import io.swiftjvm.backend.AttentionSpec;

/**
 * Multi-head latent attention (arXiv 2405.04434): keys and values come from a small latent, a part of every head is
 * rotated and that part of the key is shared.
 *
 * @param heads heads of queries, keys and values
 * @param queryRank width of the latent of the queries; 0 = one plain projection
 * @param latent width of the latent of keys and values
 * @param plain columns of a head that are not rotated
 * @param valueDim width of a value head
 * @param scale factor on the scores
 * @param rope the rotation of the rest of a head
 * @param bias the projections into the latents and out have a bias
 */
public record LatentAttentionConfig(
    int heads, int queryRank, int latent, int plain, int valueDim, float scale, RopeSpec rope, boolean bias)
    implements MixerConfig {
  public LatentAttentionConfig {
    if (heads < 1 || queryRank < 0 || latent < 1 || plain < 1 || valueDim < 1) {
      throw new IllegalArgumentException("latent attention needs sizes >= 1, got heads " + heads + ", queryRank "
          + queryRank + ", latent " + latent + ", plain " + plain + ", valueDim " + valueDim);
    }
  }

  /** Width of a query or key head. */
  public int headDim() {
    return plain + rope.rotary();
  }

  @Override
  public int queryWidth() {
    return Math.multiplyExact(heads, headDim());
  }

  @Override
  public int keyWidth() {
    return queryWidth();
  }

  @Override
  public int valueWidth() {
    return Math.multiplyExact(heads, valueDim);
  }

  /** The kernel's constants. */
  AttentionSpec spec() {
    return new AttentionSpec(heads, heads, headDim(), valueDim, scale, 0, 0);
  }
}
