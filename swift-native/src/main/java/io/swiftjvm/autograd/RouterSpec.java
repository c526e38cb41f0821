package io.swiftjvm.autograd;

/**
 * How a mixture of experts chooses experts for a token and weighs them.
 *
 * @param score how logits become weights
 * @param experts number of experts
 * @param topK experts for each token
 * @param normalise the chosen weights are divided by their sum
 * @param scale factor on the weights, normally 1
 * @param groups experts are in this many equal groups; 1 = no groups
 * @param topGroups only this many groups are chosen from
 * @param groupScore how a group is judged
 */
public record RouterSpec(
    Score score, int experts, int topK, boolean normalise, float scale, int groups, int topGroups,
    GroupScore groupScore) {
  /** How logits become weights. */
  public enum Score {
    /** Softmax over all experts, then the choice. */
    SOFTMAX,
    /** The choice, then softmax over the chosen. */
    SOFTMAX_OF_CHOSEN,
    /** A sigmoid for each expert; a bias may shift the choice, not the weight (DeepSeek-V3, arXiv 2412.19437). */
    SIGMOID
  }

  /** How a group of experts is judged. */
  public enum GroupScore {
    /** By its best expert (DeepSeek-V2, arXiv 2405.04434). */
    BEST,
    /** By the sum of its two best experts (DeepSeek-V3). */
    TWO_BEST
  }

  public RouterSpec {
    if (experts < 1 || topK < 1 || topK > experts || groups < 1 || experts % groups != 0 || topGroups < 1
        || topGroups > groups || topK > experts / groups * topGroups) {
      throw new IllegalArgumentException("a router cannot choose " + topK + " of " + experts + " experts in "
          + topGroups + " of " + groups + " groups");
    }
  }

  /** A router without groups. */
  public static RouterSpec of(Score score, int experts, int topK, boolean normalise) {
    return new RouterSpec(score, experts, topK, normalise, 1, 1, 1, GroupScore.BEST);
  }
}
