package io.swiftjvm.infer.grammar;

import io.swiftjvm.infer.grammar.Machine.State;
import java.util.BitSet;

/** A grammar for a vocabulary. Thread-safe. */
final class Compiled {
  private final TokenTrie trie;
  private final Machine machine;
  private final Masks masks;
  private final State start;

  Compiled(Automaton automaton, TokenTrie trie) {
    this.trie = trie;
    this.machine = new Machine(automaton);
    this.masks = new Masks(machine, trie);
    this.start = machine.start();
    // in the thread that compiles, not in the one that all answers wait for
    masks.of(start);
  }

  /** What it takes in memory, in numbers. */
  long weight() {
    return machine.automaton().weight();
  }

  State start() {
    return start;
  }

  synchronized BitSet allowed(State state) {
    return masks.of(state);
  }

  synchronized State behind(State state, int token) {
    machine.work();
    State at = state;
    for (byte b : trie.bytes(token)) {
      at = machine.step(at, b & 0xFF);
    }
    return at;
  }
}
