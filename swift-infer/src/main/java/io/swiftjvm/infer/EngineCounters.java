package io.swiftjvm.infer;

import java.util.concurrent.atomic.LongAdder;

/** What an engine counts since it started. Thread-safe. */
public final class EngineCounters {
  private final LongAdder prefixQueries = new LongAdder();
  private final LongAdder prefixHits = new LongAdder();
  private final LongAdder preemptions = new LongAdder();
  private final LongAdder guessed = new LongAdder();
  private final LongAdder accepted = new LongAdder();

  EngineCounters() {}

  void looked(int tokens, int found) {
    prefixQueries.add(tokens);
    prefixHits.add(found);
  }

  void preempted() {
    preemptions.increment();
  }

  void guessed(int tokens, int right) {
    guessed.add(tokens);
    accepted.add(right);
  }

  /** Prompt tokens that were looked up in the prefix cache. */
  public long prefixQueries() {
    return prefixQueries.sum();
  }

  /** Prompt tokens that the prefix cache had. */
  public long prefixHits() {
    return prefixHits.sum();
  }

  /** Sequences that lost their blocks to older ones and were computed again. */
  public long preemptions() {
    return preemptions.sum();
  }

  /** Tokens that were guessed. */
  public long guessedTokens() {
    return guessed.sum();
  }

  /** Guesses that were right. */
  public long acceptedTokens() {
    return accepted.sum();
  }

  @Override
  public String toString() {
    return "prefix hits " + prefixHits() + " of " + prefixQueries() + " tokens, " + preemptions() + " preemptions, "
        + acceptedTokens() + " of " + guessedTokens() + " guesses right";
  }
}
