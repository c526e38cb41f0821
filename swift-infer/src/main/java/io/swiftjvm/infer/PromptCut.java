package io.swiftjvm.infer;

/**
 * How a prompt is cut into passes: at multiples of {@code piece}, whatever runs beside it and whatever of it is there
 * already. Up to {@link Steps#FEW} tokens are computed by other kernels than more, so blocks are shared only where the
 * pieces that they come from and the pieces that they replace are on the same side: then every token has the same bits
 * with and without sharing.
 *
 * @param length tokens of the prompt
 * @param piece most tokens in a pass
 * @param grain blocks are shared at multiples of this; {@code piece} where a token's kernels depend on how many others
 *     are beside it, as in a mixture of experts
 */
record PromptCut(int length, int piece, int grain) {
  /** Tokens of the next pass of a prompt of which {@code at} are done. */
  int next(int at) {
    return Math.min(length - at, piece - at % piece);
  }

  /** Tokens of the piece that {@code at} is in when nothing is shared. */
  private int whole(int at) {
    int from = at / piece * piece;
    return Math.min(length - from, piece);
  }

  /** How many of {@code found} tokens, fewer than the prompt has, may be taken over. */
  int adoptable(int found) {
    int at = found / KvCache.BLOCK * KvCache.BLOCK;
    while (at > 0 && (at % grain != 0 || next(at) > Steps.FEW != whole(at) > Steps.FEW)) {
      at -= KvCache.BLOCK;
    }
    return at;
  }

  /** How many tokens from the first on others may take over. */
  int publishable() {
    int tail = length % piece;
    boolean cut = tail > 0 && (grain == piece || (tail <= Steps.FEW && piece > Steps.FEW));
    return cut ? length - tail : length;
  }
}
