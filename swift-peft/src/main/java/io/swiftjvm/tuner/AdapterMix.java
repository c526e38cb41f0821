package io.swiftjvm.tuner;

/** How several adapters become one; names and rules of PEFT's {@code add_weighted_adapter}. */
public enum AdapterMix {
  /** Ranks add up; the result is exactly the weighted sum of the updates. */
  CAT,
  /** A and B are averaged apart, each with the root of its weight; needs equal ranks and is no sum of the updates. */
  LINEAR,
  /** The weighted sum of the updates, cut to the largest rank by its singular values. */
  SVD,
  /** Like {@link #LINEAR} over pruned values of the majority's sign (TIES, arXiv 2306.01708). */
  TIES,
  /** Like {@link #LINEAR} over the largest values only. */
  MAGNITUDE_PRUNE,
  /** Like {@link #LINEAR} over values drawn by chance, the rest made larger for those left out (DARE, arXiv 2311.03099). */
  DARE_LINEAR,
  /** Like {@link #TIES} over values drawn by chance, the rest made larger for those left out. */
  DARE_TIES
}
