package io.swiftjvm.infer.grammar;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The automaton of a rule as it is written, with steps that read nothing; Thompson's construction over bytes. */
final class Nfa {
  /** {@link #low} of an edge that reads nothing. */
  static final int SILENT = -1;
  /** {@link #low} of an edge that reads rule {@code CALL - low}. */
  static final int CALL = -2;

  private static final int BYTE_BITS = 6;

  private final Map<String, Integer> rules;
  private final Set<String> nullable;
  private final Budget budget;
  private int[] first = new int[64];
  private int[] next = new int[64];
  private int[] low = new int[64];
  private int[] high = new int[64];
  private int[] to = new int[64];
  private int states;
  private int edges;

  /**
   * An automaton without states.
   *
   * @param rules numbers of the rules that may be called
   * @param nullable rules that match the empty text
   */
  Nfa(Map<String, Integer> rules, Set<String> nullable, Budget budget) {
    this.rules = rules;
    this.nullable = nullable;
    this.budget = budget;
  }

  int state() {
    if (states == first.length) {
      first = Arrays.copyOf(first, 2 * states);
    }
    first[states] = -1;
    return states++;
  }

  int states() {
    return states;
  }

  /** The first edge of a state, -1 = none. */
  int first(int state) {
    return first[state];
  }

  int next(int edge) {
    return next[edge];
  }

  int low(int edge) {
    return low[edge];
  }

  int high(int edge) {
    return high[edge];
  }

  int to(int edge) {
    return to[edge];
  }

  private void edge(int from, int lowest, int highest, int target) {
    budget.edge();
    if (edges == next.length) {
      next = Arrays.copyOf(next, 2 * edges);
      low = Arrays.copyOf(low, 2 * edges);
      high = Arrays.copyOf(high, 2 * edges);
      to = Arrays.copyOf(to, 2 * edges);
    }
    low[edges] = lowest;
    high[edges] = highest;
    to[edges] = target;
    next[edges] = first[from];
    first[from] = edges++;
  }

  private void silent(int from, int target) {
    edge(from, SILENT, SILENT, target);
  }

  /** Appends a node behind {@code from}, to which no edge leads back; returns where it ends. */
  int add(Node node, int from) {
    return switch (node) {
      case Node.Chars chars -> chars(chars.set(), from);
      case Node.Text text -> bytes(text.bytes(), from);
      case Node.Token token -> bytes(token.bytes(), from);
      case Node.Seq seq -> {
        int at = from;
        for (Node part : seq.parts()) {
          at = add(part, at);
        }
        yield at;
      }
      case Node.Alt alt -> {
        int end = state();
        alt.parts().forEach(part -> silent(add(part, from), end));
        yield end;
      }
      case Node.Repeat repeat -> repeat(repeat, from);
      case Node.Ref ref -> {
        int end = state();
        int call = CALL - Objects.requireNonNull(rules.get(ref.rule()), ref.rule());
        edge(from, call, call, end);
        if (nullable.contains(ref.rule())) {
          silent(from, end);
        }
        yield end;
      }
      case Node.And and -> embed(Dfa.of(and.left(), budget).product(Dfa.of(and.right(), budget), false, budget), from);
      case Node.Minus minus ->
          embed(Dfa.of(minus.left(), budget).product(Dfa.of(minus.right(), budget), true, budget), from);
      case Node.Multiple multiple -> multiple(multiple.of(), from);
      case Node.Until until -> {
        int[] at = search(new Node.Text(until.end()).bytes(), from);
        yield at[at.length - 1];
      }
      case Node.Without without -> {
        int end = state();
        int[] at = search(new Node.Text(without.text()).bytes(), from);
        for (int i = 0; i < at.length - 1; i++) {
          silent(at[i], end);
        }
        yield end;
      }
    };
  }

  private int repeat(Node.Repeat repeat, int from) {
    int at = from;
    for (int i = 0; i < repeat.least(); i++) {
      at = add(repeat.part(), at);
    }
    if (repeat.most() == Node.UNBOUNDED) {
      int loop = state();
      silent(at, loop);
      silent(add(repeat.part(), loop), loop);
      int end = state();
      silent(loop, end);
      return end;
    }
    int end = state();
    for (int i = repeat.least(); i < repeat.most(); i++) {
      silent(at, end);
      at = add(repeat.part(), at);
    }
    silent(at, end);
    return end;
  }

  private int bytes(byte[] bytes, int from) {
    int at = from;
    for (byte b : bytes) {
      int end = state();
      edge(at, b & 0xFF, b & 0xFF, end);
      at = end;
    }
    return at;
  }

  /**
   * Where a text that does not hold {@code word} stands in it, by how much of the word its end is, and at last behind the
   * word: Knuth, Morris and Pratt's automaton.
   */
  private int[] search(byte[] word, int from) {
    int[] at = new int[word.length + 1];
    at[0] = state();
    silent(from, at[0]);
    for (int i = 1; i <= word.length; i++) {
      at[i] = state();
    }
    for (int i = 0; i < word.length; i++) {
      for (int b = 0; b < Node.Token.FIRST; b++) {
        byte[] seen = Arrays.copyOf(word, i + 1);
        seen[i] = (byte) b;
        int kept = i + 1;
        while (kept > 0 && !Arrays.equals(word, 0, kept, seen, i + 1 - kept, i + 1)) {
          kept--;
        }
        edge(at[i], b, b, at[kept]);
      }
    }
    return at;
  }

  /** A state for each remainder of what was read. */
  private int multiple(int of, int from) {
    int[] remainders = new int[of];
    for (int i = 0; i < of; i++) {
      remainders[i] = state();
    }
    for (int digit = 0; digit <= 9; digit++) {
      edge(from, '0' + digit, '0' + digit, remainders[digit % of]);
      for (int i = 0; i < of; i++) {
        edge(remainders[i], '0' + digit, '0' + digit, remainders[(10 * i + digit) % of]);
      }
    }
    int end = state();
    silent(remainders[0], end);
    return end;
  }

  private int embed(Dfa dfa, int from) {
    int base = states;
    for (int i = 0; i < dfa.size(); i++) {
      state();
    }
    int end = state();
    silent(from, base);
    for (int i = 0; i < dfa.size(); i++) {
      int[] moves = dfa.moves(i);
      for (int m = 0; m < moves.length; m += 3) {
        edge(base + i, moves[m], moves[m + 1], base + moves[m + 2]);
      }
      if (dfa.accepts(i)) {
        silent(base + i, end);
      }
    }
    return end;
  }

  private int chars(CodePoints set, int from) {
    int end = state();
    int[] ranges = set.encodable();
    for (int i = 0; i < ranges.length; i += 2) {
      range(ranges[i], ranges[i + 1], from, end);
    }
    return end;
  }

  /** Cuts a range until first and last character have UTF-8 of one length whose bytes vary independently. */
  private void range(int lowest, int highest, int from, int end) {
    for (int most : List.of(0x7F, 0x7FF, 0xFFFF)) {
      if (lowest <= most && highest > most) {
        range(lowest, most, from, end);
        range(most + 1, highest, from, end);
        return;
      }
    }
    for (int i = 1; highest > 0x7F && i <= 3; i++) {
      int mask = (1 << (BYTE_BITS * i)) - 1;
      if ((lowest & ~mask) == (highest & ~mask)) {
        continue;
      }
      if ((lowest & mask) != 0) {
        range(lowest, lowest | mask, from, end);
        range((lowest | mask) + 1, highest, from, end);
        return;
      }
      if ((highest & mask) != mask) {
        range(lowest, (highest & ~mask) - 1, from, end);
        range(highest & ~mask, highest, from, end);
        return;
      }
    }
    byte[] a = new Node.Text(Character.toString(lowest)).bytes();
    byte[] b = new Node.Text(Character.toString(highest)).bytes();
    int at = from;
    for (int i = 0; i < a.length; i++) {
      int target = i == a.length - 1 ? end : state();
      edge(at, a[i] & 0xFF, b[i] & 0xFF, target);
      at = target;
    }
  }
}
