package io.swiftjvm.infer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;

/**
 * Where guesses of the next tokens come from (speculative decoding, arXiv 2211.17192). The model looks at all of them in
 * one pass and draws every token as it would without; a guess that it draws saves a pass. So answers, greedy or not,
 * are those without guesses, to the last bit. For models whose angles depend on the length of the text (LongRoPE, dynamic
 * scaling) no guesses are made.
 *
 * {@snippet :
 * EngineOptions copying = EngineOptions.DEFAULT.speculation(new Speculation.Ngram(5));
 * EngineOptions drafting = EngineOptions.DEFAULT.speculation(new Speculation.Draft(small, 4));
 * }
 */
public sealed interface Speculation {
  /** Most guesses in a pass: with the token before them as many as rows that are computed alike, see {@link Steps}. */
  int MOST = 15;

  /** Tokens that are guessed at once. */
  int tokens();

  /**
   * What followed the last tokens when they came before (prompt lookup): for answers that repeat their prompt.
   *
   * @param tokens guesses, 1 .. {@value #MOST}
   * @param least shortest run of last tokens that is looked up, 1 or more
   * @param most longest one, tried first
   */
  record Ngram(int tokens, int least, int most) implements Speculation {
    public Ngram {
      check(tokens);
      if (least < 1 || most < least) {
        throw new InvalidPlanException(
            "speculation: runs of " + least + " .. " + most + " tokens; they must be 1 or more, in this order.");
      }
    }

    /** Runs of 2 to 4 tokens. */
    public Ngram(int tokens) {
      this(tokens, 2, 4);
    }
  }

  /**
   * The greedy tokens of a smaller model.
   *
   * @param model with the same vocabulary; stays with its owner, and open as long as the engine works
   * @param tokens guesses, 1 .. {@value #MOST}
   */
  record Draft(CausalLm model, int tokens) implements Speculation {
    public Draft {
      check(tokens);
    }
  }

  private static void check(int tokens) {
    if (tokens < 1 || tokens > MOST) {
      throw new InvalidPlanException("speculation: tokens is " + tokens + "; it must be 1 .. " + MOST + ".");
    }
  }
}
