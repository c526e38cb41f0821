package io.swiftjvm.infer.grammar;

import java.util.Arrays;

/** The edges of an automaton from their ends, in lists of numbers. */
final class Reverse {
  private final int[] first;
  private final int[] next;
  private final int[] from;
  private final int[] rule;
  private int edges;

  Reverse(Automaton automaton) {
    int count = 0;
    for (int s = 0; s < automaton.size(); s++) {
      count += automaton.moves(s).length / 3 + automaton.calls(s).length / 2;
    }
    first = new int[automaton.size()];
    next = new int[count];
    from = new int[count];
    rule = new int[count];
    Arrays.fill(first, -1);
    for (int s = 0; s < automaton.size(); s++) {
      for (int m = 0; m < automaton.moves(s).length; m += 3) {
        edge(s, -1, automaton.moves(s)[m + 2]);
      }
      for (int c = 0; c < automaton.calls(s).length; c += 2) {
        edge(s, automaton.calls(s)[c], automaton.calls(s)[c + 1]);
      }
    }
  }

  private void edge(int source, int called, int target) {
    from[edges] = source;
    rule[edges] = called;
    next[edges] = first[target];
    first[target] = edges++;
  }

  /** The first edge into a state, -1 = none. */
  int first(int state) {
    return first[state];
  }

  int next(int edge) {
    return next[edge];
  }

  int from(int edge) {
    return from[edge];
  }

  /** The rule that an edge calls, -1 = none. */
  int rule(int edge) {
    return rule[edge];
  }
}
