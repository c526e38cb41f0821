package io.swiftjvm.nn;

/**
 * What of a block's forward pass is done again in the backward pass instead of being kept. The gradients are the same bits.
 *
 * {@snippet :
 * Pass pass = new Pass(ops, context, List.of("default"), dropoutKey, Recompute.SELECTIVE);
 * }
 */
public enum Recompute {
  /** Nothing: most memory. */
  NONE,
  /**
   * What costs no product: norms, rotations, gated products, activations, dropout (the idea of selective activation
   * recomputation, arXiv 2205.05198). Results of projections and of attention are kept. About half the memory of NONE
   * for a few hundredths of its time.
   */
  SELECTIVE,
  /** The whole block; its input alone is kept (arXiv 1604.06174). Least memory, a second forward pass. */
  FULL
}
