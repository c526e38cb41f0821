package io.swiftjvm.infer.grammar;

import io.swiftjvm.error.InvalidPlanException;
import java.time.Duration;

/** Ends a compilation that grows too large or takes too long. */
final class Budget {
  /** Edges of the automata before they are made deterministic, for each state that may come out. */
  private static final int EDGES = 40;
  /** Numbers that the construction holds, for each state that may come out. */
  private static final int HELD = 60;
  private static final int CLOCK = 1 << 12;

  private final GrammarLimits limits;
  private final long deadline;
  private long edges;
  private long held;
  private int states;
  private int ticks;

  /** A budget whose time runs from now, {@code waited} already gone. */
  Budget(GrammarLimits limits, Duration waited) {
    this.limits = limits;
    this.deadline = System.nanoTime() + limits.compileTime().minus(waited).toNanos();
  }

  void edge() {
    if (++edges > (long) EDGES * limits.states()) {
      throw tooLarge();
    }
    tick(1);
  }

  void state() {
    if (++states > limits.states()) {
      throw tooLarge();
    }
    tick(1);
  }

  /** So many numbers more are held. */
  void hold(int numbers) {
    held += numbers;
    if (held > (long) HELD * limits.states()) {
      throw tooLarge();
    }
    tick(numbers);
  }

  /** So much work was done. */
  void tick(int work) {
    ticks += work;
    if (ticks >= CLOCK) {
      ticks = 0;
      if (System.nanoTime() - deadline > 0) {
        throw new InvalidPlanException("The grammar takes longer than " + limits.compileTime().toMillis()
            + " ms to compile. Simplify it: fewer nested repetitions, alternatives or optional parts.");
      }
    }
  }

  private InvalidPlanException tooLarge() {
    return new InvalidPlanException("The grammar needs more than " + limits.states() + " states, or is as large in other ways. Simplify it: smaller "
        + "repetitions, lengths and enums.");
  }
}
