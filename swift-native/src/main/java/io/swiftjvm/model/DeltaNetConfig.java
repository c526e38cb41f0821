package io.swiftjvm.model;

import io.swiftjvm.autograd.DeltaRule;
import org.jspecify.annotations.Nullable;

/**
 * Linear attention with the gated delta rule behind a short convolution (arXiv 2412.06464), as in Qwen3-Next.
 *
 * @param keyHeads heads of queries and keys; divides {@code valueHeads}
 * @param valueHeads heads of values
 * @param keyDim width of a key head
 * @param valueDim width of a value head
 * @param taps rows that the convolution sees
 * @param fused two input projections whose columns are grouped by key head (Qwen3-Next), else four (Qwen3.5)
 */
public record DeltaNetConfig(int keyHeads, int valueHeads, int keyDim, int valueDim, int taps, boolean fused)
    implements MixerConfig {
  public DeltaNetConfig {
    if (keyHeads < 1 || valueHeads < 1 || valueHeads % keyHeads != 0 || keyDim < 1 || valueDim < 1 || taps < 1) {
      throw new IllegalArgumentException("keyHeads must divide valueHeads and all sizes be >= 1, got " + keyHeads
          + ", " + valueHeads + ", " + keyDim + ", " + valueDim + ", " + taps);
    }
  }

  @Override
  public @Nullable RopeSpec rope() {
    return null;
  }

  @Override
  public int heads() {
    return valueHeads;
  }

  @Override
  public int queryWidth() {
    return Math.multiplyExact(keyHeads, keyDim);
  }

  @Override
  public int keyWidth() {
    return queryWidth();
  }

  @Override
  public int valueWidth() {
    return Math.multiplyExact(valueHeads, valueDim);
  }

  /** Elements that one text carries from token to token: the rows of the convolution and the state of all heads. */
  public long stateFloats() {
    return (taps - 1L) * channels() + spec().stateSize();
  }

  /** Columns that go through the convolution. */
  int channels() {
    return 2 * keyWidth() + valueWidth();
  }

  /** The recurrence's constants. */
  DeltaRule.Spec spec() {
    return new DeltaRule.Spec(keyHeads, valueHeads, keyDim, valueDim);
  }
}
