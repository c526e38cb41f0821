package io.swiftjvm.infer.grammar;

import io.swiftjvm.infer.grammar.Machine.State;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Follows one answer through a grammar.
 *
 * {@snippet :
 * Matcher matcher = compiler.matcher(grammar);
 * matcher.mask(scores, endIds);
 * matcher.accept(token);
 * boolean over = matcher.over();
 * }
 *
 * <p>For one answer and one thread at a time; matchers of the same grammar share what they find out.
 */
public final class Matcher {
  private final Compiled grammar;
  private State state;

  Matcher(Compiled grammar) {
    this.grammar = grammar;
    this.state = grammar.start();
  }

  /**
   * Sets the scores (V) of all tokens that may not come next to negative infinity.
   *
   * @param endIds tokens that end an answer: allowed where the grammar may end and only there
   * @throws io.swiftjvm.error.InvalidPlanException if the grammar is too ambiguous to be followed
   */
  public void mask(float[] scores, int... endIds) {
    BitSet allowed = grammar.allowed(state);
    float[] ends = new float[endIds.length];
    for (int i = 0; i < ends.length; i++) {
      ends[i] = scores[endIds[i]];
    }
    int from = 0;
    for (int next = allowed.nextSetBit(0); from < scores.length; next = allowed.nextSetBit(from)) {
      int to = next < 0 ? scores.length : Math.min(next, scores.length);
      Arrays.fill(scores, from, to, Float.NEGATIVE_INFINITY);
      from = next < 0 ? to : allowed.nextClearBit(next);
    }
    for (int i = 0; i < ends.length; i++) {
      scores[endIds[i]] = state.complete() ? ends[i] : Float.NEGATIVE_INFINITY;
    }
  }

  /**
   * Goes on behind a token.
   *
   * @throws IllegalArgumentException if the grammar does not allow it here
   */
  public void accept(int token) {
    State next = grammar.behind(state, token);
    if (next.dead()) {
      throw new IllegalArgumentException("the grammar does not allow token " + token + " here");
    }
    state = next;
  }

  /** True if the answer may end here. */
  public boolean complete() {
    return state.complete();
  }

  /** True if the answer is complete and nothing may follow. */
  public boolean over() {
    return state.complete() && !state.open();
  }
}
