package io.swiftjvm.backend;

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
 */
public record AttentionSpec(
    int heads, int kvHeads, int headDim, int valueDim, float scale, int window, float softCap) {
  public AttentionSpec {
    if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0) {
      throw new IllegalArgumentException("kvHeads must divide heads, got " + kvHeads + " and " + heads);
    }
    if (headDim < 1 || valueDim < 1 || window < 0) {
      throw new IllegalArgumentException(
          "headDim, valueDim >= 1 and window >= 0, got " + headDim + ", " + valueDim + ", " + window);
    }
  }
}
