package io.swiftjvm.model;

import io.swiftjvm.backend.AttentionSpec;

/**
 * Grouped-query attention (arXiv 2305.13245).
 *
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim width of a head
 * @param scale factor on the scores, normally {@code 1/sqrt(headDim)}
 * @param softCap scores become {@code softCap * tanh(score / softCap)}; 0 = off
 * @param qkvBias q, k and v projections have a bias
 * @param outputBias the output projection has a bias
 * @param qkNorm queries and keys get an RMS norm per head, before the rotation
 */
public record AttentionConfig(
    int heads, int kvHeads, int headDim, float scale, float softCap, boolean qkvBias, boolean outputBias,
    boolean qkNorm) {
  public AttentionConfig {
    if (heads < 1 || kvHeads < 1 || headDim < 1 || heads % kvHeads != 0) {
      throw new IllegalArgumentException("kvHeads must divide heads and all must be >= 1, got heads " + heads
          + ", kvHeads " + kvHeads + ", headDim " + headDim);
    }
  }

  /** Columns of all query heads. */
  public int queryWidth() {
    return Math.multiplyExact(heads, headDim);
  }

  /** Columns of all key (or value) heads. */
  public int keyWidth() {
    return Math.multiplyExact(kvHeads, headDim);
  }

  /** The kernel's constants for a layer with this window. */
  AttentionSpec spec(int window) {
    return new AttentionSpec(heads, kvHeads, headDim, headDim, scale, window, softCap);
  }
}
