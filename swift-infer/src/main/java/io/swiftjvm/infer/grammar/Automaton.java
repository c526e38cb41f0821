package io.swiftjvm.infer.grammar;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The automata of all rules side by side, states numbered through, without those that lead nowhere. Rule 0 is the root. */
final class Automaton {
  /** Rules that begin with one another; each takes place on the thread's stack. */
  private static final int CHAIN = 1000;

  private final List<int[]> moves = new ArrayList<>();
  private final List<int[]> calls = new ArrayList<>();
  private final BitSet accepting = new BitSet();
  private final int[] starts;
  private final int[] order;
  private final boolean empty;

  private Automaton(int rules, boolean empty) {
    this.starts = new int[rules];
    this.order = new int[rules];
    this.empty = empty;
  }

  /** Triples of first byte, last byte and target, ascending. */
  int[] moves(int state) {
    return moves.get(state);
  }

  /** Pairs of rule and the state behind it. */
  int[] calls(int state) {
    return calls.get(state);
  }

  boolean accepts(int state) {
    return accepting.get(state);
  }

  int size() {
    return moves.size();
  }

  /** What it takes in memory, in numbers. */
  long weight() {
    return size() + moves.stream().mapToLong(m -> m.length).sum() + calls.stream().mapToLong(c -> c.length).sum();
  }

  /** True if a rule that gets here is over. */
  boolean ends(int state) {
    return accepting.get(state) && moves(state).length == 0 && calls(state).length == 0;
  }

  int start(int rule) {
    return starts[rule];
  }

  int rules() {
    return starts.length;
  }

  /** A rule may only begin with a call of rules of a higher rank. */
  int rank(int rule) {
    return order[rule];
  }

  /** True if the grammar matches the empty text. */
  boolean empty() {
    return empty;
  }

  /**
   * Compiles rules, the first of which is the root.
   *
   * @param bytes those that the tokens of a vocabulary can write one by one; others are never asked for
   */
  static Automaton of(Map<String, Node> rules, BitSet bytes, Budget budget) {
    Map<String, Integer> numbers = new HashMap<>();
    rules.keySet().forEach(name -> numbers.put(name, numbers.size()));
    Set<String> nullable = nullable(rules, budget);
    Automaton all = new Automaton(rules.size(), nullable.contains(rules.keySet().iterator().next()));
    int number = 0;
    for (Node body : rules.values()) {
      all.append(Dfa.of(body, numbers, nullable, budget), number++, bytes);
    }
    if (!all.trim() && !all.empty) {
      throw new InvalidPlanException("The grammar matches no text, or none that the model's tokens can write.");
    }
    all.rank(new ArrayList<>(rules.keySet()));
    return all;
  }

  private void append(Dfa dfa, int rule, BitSet bytes) {
    int base = size();
    starts[rule] = base;
    for (int s = 0; s < dfa.size(); s++) {
      List<Integer> kept = new ArrayList<>();
      int[] own = dfa.moves(s);
      for (int m = 0; m < own.length; m += 3) {
        for (int from = bytes.nextSetBit(own[m]); from >= 0 && from <= own[m + 1]; ) {
          int to = Math.min(own[m + 1], bytes.nextClearBit(from) - 1);
          kept.addAll(List.of(from, to, base + own[m + 2]));
          from = bytes.nextSetBit(to + 1);
        }
      }
      int[] called = dfa.calls(s).clone();
      for (int c = 1; c < called.length; c += 2) {
        called[c] += base;
      }
      moves.add(kept.stream().mapToInt(x -> x).toArray());
      calls.add(called);
      // callers step over a rule that matches nothing by themselves
      accepting.set(base + s, s > 0 && dfa.accepts(s));
    }
  }

  private static Set<String> nullable(Map<String, Node> rules, Budget budget) {
    Set<String> found = new HashSet<>();
    boolean more = true;
    while (more) {
      more = false;
      budget.tick(rules.size());
      for (Map.Entry<String, Node> rule : rules.entrySet()) {
        if (!found.contains(rule.getKey()) && nullable(rule.getValue(), found)) {
          more = found.add(rule.getKey());
        }
      }
    }
    return found;
  }

  private static boolean nullable(Node node, Set<String> found) {
    return switch (node) {
      case Node.Chars chars -> false;
      case Node.Text text -> text.text().isEmpty();
      case Node.Token token -> false;
      case Node.Seq seq -> seq.parts().stream().allMatch(part -> nullable(part, found));
      case Node.Alt alt -> alt.parts().stream().anyMatch(part -> nullable(part, found));
      case Node.Repeat repeat -> repeat.least() == 0 || nullable(repeat.part(), found);
      case Node.Ref ref -> found.contains(ref.rule());
      case Node.And and -> nullable(and.left(), found) && nullable(and.right(), found);
      case Node.Minus minus -> nullable(minus.left(), found) && !nullable(minus.right(), found);
      case Node.Multiple multiple -> false;
      case Node.Until until -> until.end().isEmpty();
      case Node.Without without -> true;
    };
  }

  /** Drops what cannot end; false if the root cannot either. */
  private boolean trim() {
    Reverse into = new Reverse(this);
    BitSet live = new BitSet();
    List<List<Integer>> waiting = new ArrayList<>();
    Map<Integer, Integer> starting = new HashMap<>();
    for (int rule = 0; rule < rules(); rule++) {
      waiting.add(new ArrayList<>());
      starting.put(starts[rule], rule);
    }
    Deque<Integer> open = new ArrayDeque<>(accepting.stream().boxed().toList());
    while (!open.isEmpty()) {
      int state = open.pop();
      if (live.get(state)) {
        continue;
      }
      live.set(state);
      Integer rule = starting.get(state);
      if (rule != null) {
        waiting.get(rule).forEach(open::push);
      }
      for (int e = into.first(state); e >= 0; e = into.next(e)) {
        int called = into.rule(e);
        if (called < 0 || live.get(starts[called])) {
          open.push(into.from(e));
        } else {
          waiting.get(called).add(into.from(e));
        }
      }
    }
    BitSet dead = new BitSet();
    for (int rule = 0; rule < rules(); rule++) {
      dead.set(rule, !live.get(starts[rule]));
    }
    for (int s = 0; s < size(); s++) {
      moves.set(s, live(moves(s), 3, live, dead));
      calls.set(s, live(calls(s), 2, live, dead));
    }
    return live.get(starts[0]);
  }

  private static int[] live(int[] edges, int width, BitSet live, BitSet deadRules) {
    int[] out = new int[edges.length];
    int n = 0;
    for (int e = 0; e < edges.length; e += width) {
      if (live.get(edges[e + width - 1]) && !(width == 2 && deadRules.get(edges[e]))) {
        System.arraycopy(edges, e, out, n, width);
        n += width;
      }
    }
    return Arrays.copyOf(out, n);
  }

  /** Ranks rules by what they begin with; a circle there would call for ever without reading. */
  private void rank(List<String> names) {
    Map<Integer, Integer> depth = new LinkedHashMap<>();
    for (int rule = 0; rule < rules(); rule++) {
      depth(rule, depth, names, 0);
    }
    depth.forEach((rule, value) -> order[rule] = -value);
  }

  private int depth(int rule, Map<Integer, Integer> depth, List<String> names, int level) {
    Integer known = depth.get(rule);
    if (known != null && known < 0) {
      throw new InvalidPlanException("The rule '" + names.get(rule) + "' begins with itself, directly or through other "
          + "rules. Rewrite it so that something is read first, for instance with a repetition.");
    }
    if (known != null) {
      return known;
    }
    if (level > CHAIN) {
      throw new InvalidPlanException("The grammar has more than " + CHAIN + " rules that begin with one another. Simplify "
          + "it.");
    }
    depth.put(rule, -1);
    int most = 0;
    int[] first = calls(starts[rule]);
    for (int c = 0; c < first.length; c += 2) {
      most = Math.max(most, 1 + depth(first[c], depth, names, level + 1));
    }
    depth.put(rule, most);
    return most;
  }
}
