package io.swiftjvm.infer.grammar;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.text.Tokenizer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Compiles grammars for a vocabulary and remembers the last ones.
 *
 * {@snippet :
 * var compiler = new GrammarCompiler(tokenizer, model.config().vocabSize(), GrammarLimits.DEFAULT);
 * Matcher matcher = compiler.matcher(Grammar.regex("[0-9]{4}"));
 * }
 *
 * <p>Thread-safe. Compiling happens in the thread that asks, two at a time and within {@link GrammarLimits}, so that a
 * hostile grammar keeps nobody but its sender waiting.
 */
public final class GrammarCompiler {
  private static final int AT_ONCE = 2;
  /** Numbers that the remembered automata may hold, for each state that one may have. */
  private static final long WEIGHT = 60;
  private static final int REMEMBERED = 32;

  private final Tokenizer tokenizer;
  private final int vocabulary;
  private final GrammarLimits limits;
  private final Semaphore turns = new Semaphore(AT_ONCE, true);
  private final Map<Grammar, Compiled> known = new Latest<>(REMEMBERED);
  private final Object trieLock = new Object();
  private @Nullable TokenTrie trie;

  /**
   * A compiler that has read nothing yet.
   *
   * @param tokenizer whose tokens answers are made of; open as long as the compiler is used
   * @param vocabulary scores of the model
   */
  public GrammarCompiler(Tokenizer tokenizer, int vocabulary, GrammarLimits limits) {
    this.tokenizer = tokenizer;
    this.vocabulary = vocabulary;
    this.limits = limits;
  }

  /**
   * A matcher at the beginning of an answer.
   *
   * @throws InvalidPlanException if the grammar is malformed, asks for something that is not supported, or is too large
   */
  public Matcher matcher(Grammar grammar) {
    synchronized (known) {
      Compiled compiled = known.get(grammar);
      if (compiled != null) {
        return new Matcher(compiled);
      }
    }
    Compiled compiled = inTurn(grammar);
    synchronized (known) {
      known.put(grammar, compiled);
      // a few large ones take as much memory as many small ones
      while (known.size() > 1 && known.values().stream().mapToLong(Compiled::weight).sum() > WEIGHT * limits.states()) {
        known.remove(known.keySet().iterator().next());
      }
    }
    return new Matcher(compiled);
  }

  private Compiled inTurn(Grammar grammar) {
    long asked = System.nanoTime();
    boolean admitted = false;
    try {
      admitted = turns.tryAcquire(limits.compileTime().toNanos(), TimeUnit.NANOSECONDS);
      if (!admitted) {
        throw new InvalidPlanException("The grammar had to wait longer than " + limits.compileTime().toMillis()
            + " ms for others to be compiled. Try again later.");
      }
      return compile(grammar, Duration.ofNanos(System.nanoTime() - asked));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InvalidPlanException("The grammar was not compiled: the thread was interrupted.", e);
    } finally {
      if (admitted) {
        turns.release();
      }
    }
  }

  private Compiled compile(Grammar grammar, Duration waited) {
    TokenTrie tokens = trie();
    Budget budget = new Budget(limits, waited);
    try {
      Map<String, Node> rules = Rules.of(grammar, limits, budget, tokenizer);
      return new Compiled(Automaton.of(rules, tokens.single(), budget), tokens);
    } catch (StackOverflowError e) {
      throw new InvalidPlanException("The grammar has too many parts inside one another. Simplify it.", e);
    }
  }

  private TokenTrie trie() {
    synchronized (trieLock) {
      TokenTrie made = trie;
      if (made == null) {
        made = new TokenTrie(tokenizer, vocabulary);
        trie = made;
      }
      return made;
    }
  }
}
