package io.swiftjvm.backend;

import io.swiftjvm.tensor.DType;

/**
 * The constants of one attention layer. Query head {@code h} reads key head {@code h / (heads / kvHeads)}.
 *
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim width of a query and key head
 * @param valueDim width of a value head
 * @param scale factor on the scores, normally {@code 1/sqrt(headDim)}
 * @param window a position sees itself and {@code window - 1} before it; 0 = all
 * @param softCap scores become {@code softCap * tanh(score / softCap)}; 0 = off
 * @param weights type of the layer's weights: beside others than float32 a device may round queries, keys and values to
 *     bf16, as it may the left side of their products
 */
public record AttentionSpec(
    int heads, int kvHeads, int headDim, int valueDim, float scale, int window, float softCap, DType weights) {
  /** A layer of float32 weights, which is computed in float32 everywhere. */
  public AttentionSpec(
      int heads, int kvHeads, int headDim, int valueDim, float scale, int window, float softCap) {
    this(heads, kvHeads, headDim, valueDim, scale, window, softCap, DType.F32);
  }

  public AttentionSpec {
    if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0) {
      throw new IllegalArgumentException("kvHeads must divide heads, got " + kvHeads + " and " + heads);
    }
    if (headDim < 1 || valueDim < 1 || window < 0) {
      throw new IllegalArgumentException(
          "headDim, valueDim >= 1 and window >= 0, got " + headDim + ", " + valueDim + ", " + window);
    }
  }

  /** The same beside weights of this type. */
  public AttentionSpec weights(DType type) {
    return new AttentionSpec(heads, kvHeads, headDim, valueDim, scale, window, softCap, type);
  }
}
