package io.swiftjvm.model;

import io.swiftjvm.backend.AttentionSpec;
import org.jspecify.annotations.Nullable;

/**
 * Grouped-query attention (arXiv 2305.13245).
 *
 * {@snippet :
 * AttentionConfig gemma = AttentionConfig.of(8, 4, 256).window(1024).rope(rope).qkNorm(AttentionConfig.QkNorm.HEAD);
 * }
 *
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim width of a head
 * @param scale factor on the scores, normally {@code 1/sqrt(headDim)}
 * @param softCap scores become {@code softCap * tanh(score / softCap)}; 0 = off
 * @param window a position sees itself and {@code window - 1} before it; 0 = all
 * @param rope the rotation of queries and keys; null = none
 * @param layout how the projections are stored
 * @param qkvBias q, k and v projections have a bias
 * @param outputBias the output projection has a bias
 * @param qkNorm norms of queries and keys, before the rotation
 * @param gated the query projection also gives a gate for the attention's output
 * @param sinks every head has a learned score without a value
 */
public record AttentionConfig(
    int heads, int kvHeads, int headDim, float scale, float softCap, int window, @Nullable RopeSpec rope,
    Layout layout, boolean qkvBias, boolean outputBias, QkNorm qkNorm, boolean gated, boolean sinks)
    implements MixerConfig {
  /** How the projections of queries, keys and values are stored. */
  public enum Layout {
    /** Three projections. */
    SEPARATE,
    /** One: all queries, all keys, all values. */
    FUSED,
    /** One: for each key head its queries, the key, the value (InternLM2). */
    GROUPED,
    /** One, all queries, all keys, all values, stored (in,out) like the output projection (GPT-2). */
    TRANSPOSED
  }

  /** Norms of queries and keys. */
  public enum QkNorm {
    NONE,
    /** An RMS norm of each head, one weight for all heads. */
    HEAD,
    /** An RMS norm of all heads together (OLMo2). */
    WHOLE,
    /** A layer norm of each head with a weight for each (Cohere). */
    CENTERED
  }

  public AttentionConfig {
    if (heads < 1 || kvHeads < 1 || headDim < 1 || heads % kvHeads != 0 || window < 0) {
      throw new IllegalArgumentException("kvHeads must divide heads, all must be >= 1, and window >= 0, got heads "
          + heads + ", kvHeads " + kvHeads + ", headDim " + headDim + ", window " + window);
    }
  }

  /** Plain causal attention with scores scaled by {@code 1/sqrt(headDim)}. */
  public static AttentionConfig of(int heads, int kvHeads, int headDim) {
    return new AttentionConfig(heads, kvHeads, headDim, (float) (1 / Math.sqrt(headDim)), 0, 0, null, Layout.SEPARATE,
        false, false, QkNorm.NONE, false, false);
  }

  /** Sets the factor on the scores. */
  public AttentionConfig scale(double value) {
    return new AttentionConfig(heads, kvHeads, headDim, (float) value, softCap, window, rope, layout, qkvBias,
        outputBias, qkNorm, gated, sinks);
  }

  /** Sets the soft cap of the scores. */
  public AttentionConfig softCap(double value) {
    return new AttentionConfig(heads, kvHeads, headDim, scale, (float) value, window, rope, layout, qkvBias,
        outputBias, qkNorm, gated, sinks);
  }

  /** Sets the window. */
  public AttentionConfig window(int value) {
    return new AttentionConfig(heads, kvHeads, headDim, scale, softCap, value, rope, layout, qkvBias, outputBias,
        qkNorm, gated, sinks);
  }

  /** Sets the rotation. */
  public AttentionConfig rope(@Nullable RopeSpec value) {
    return new AttentionConfig(heads, kvHeads, headDim, scale, softCap, window, value, layout, qkvBias, outputBias,
        qkNorm, gated, sinks);
  }

  /** Sets how the projections are stored. */
  public AttentionConfig layout(Layout value) {
    return new AttentionConfig(heads, kvHeads, headDim, scale, softCap, window, rope, value, qkvBias, outputBias,
        qkNorm, gated, sinks);
  }

  /** Sets which projections have a bias. */
  public AttentionConfig bias(boolean qkv, boolean output) {
    return new AttentionConfig(
        heads, kvHeads, headDim, scale, softCap, window, rope, layout, qkv, output, qkNorm, gated, sinks);
  }

  /** Sets the norms of queries and keys. */
  public AttentionConfig qkNorm(QkNorm value) {
    return new AttentionConfig(
        heads, kvHeads, headDim, scale, softCap, window, rope, layout, qkvBias, outputBias, value, gated, sinks);
  }

  /** Sets whether the output is gated. */
  public AttentionConfig gated(boolean on) {
    return new AttentionConfig(
        heads, kvHeads, headDim, scale, softCap, window, rope, layout, qkvBias, outputBias, qkNorm, on, sinks);
  }

  /** Sets whether heads have sinks. */
  public AttentionConfig sinks(boolean on) {
    return new AttentionConfig(
        heads, kvHeads, headDim, scale, softCap, window, rope, layout, qkvBias, outputBias, qkNorm, gated, on);
  }

  @Override
  public int queryWidth() {
    return Math.multiplyExact(heads, headDim);
  }

  @Override
  public int keyWidth() {
    return Math.multiplyExact(kvHeads, headDim);
  }

  @Override
  public int valueWidth() {
    return keyWidth();
  }

  /** The kernel's constants. */
  AttentionSpec spec() {
    return new AttentionSpec(heads, kvHeads, headDim, headDim, scale, window, softCap);
  }
}
