package io.swiftjvm.infer.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A deterministic automaton over bytes and calls of rules. State 0 is the start; no move leads back to it, and it never
 * accepts where the automaton is a rule's: callers know which rules match the empty text.
 */
final class Dfa {
  private final List<int[]> moves = new ArrayList<>();
  private final List<int[]> calls = new ArrayList<>();
  private final BitSet accepting = new BitSet();

  private Dfa() {}

  int size() {
    return moves.size();
  }

  /** Triples of first byte, last byte and target, ascending. */
  int[] moves(int state) {
    return moves.get(state);
  }

  /** Pairs of rule and target. */
  int[] calls(int state) {
    return calls.get(state);
  }

  boolean accepts(int state) {
    return accepting.get(state);
  }

  /** True if it accepts these bytes. */
  boolean matches(byte[] bytes) {
    int at = 0;
    for (int i = 0; i < bytes.length && at >= 0; i++) {
      int next = -1;
      int[] own = moves(at);
      for (int m = 0; m < own.length; m += 3) {
        next = (bytes[i] & 0xFF) >= own[m] && (bytes[i] & 0xFF) <= own[m + 1] ? own[m + 2] : next;
      }
      at = next;
    }
    return at >= 0 && accepts(at);
  }

  private int add(boolean accepts, Budget budget) {
    budget.state();
    moves.add(new int[0]);
    calls.add(new int[0]);
    accepting.set(size() - 1, accepts);
    return size() - 1;
  }

  /** The automaton of a node without calls. */
  static Dfa of(Node node, Budget budget) {
    return of(node, Map.of(), Set.of(), budget);
  }

  /** The automaton of a node. */
  static Dfa of(Node node, Map<String, Integer> rules, Set<String> nullable, Budget budget) {
    Nfa nfa = new Nfa(rules, nullable, budget);
    int start = nfa.state();
    int end = nfa.add(node, start);
    return new Subsets(nfa, end, budget).build(start);
  }

  /** What both accept, or what this accepts and {@code other} does not; neither may have calls. */
  Dfa product(Dfa other, boolean without, Budget budget) {
    Dfa out = new Dfa();
    Map<Long, Integer> ids = new HashMap<>();
    Deque<Long> work = new ArrayDeque<>();
    int next = 0;
    Pairs pairs = (p, q) -> ids.computeIfAbsent(((long) p << Integer.SIZE) | (q & 0xFFFFFFFFL), key -> {
      work.add(key);
      boolean second = q >= 0 && other.accepts(q);
      return out.add(accepts(p) && second != without, budget);
    });
    pairs.id(0, 0);
    while (!work.isEmpty()) {
      long key = work.remove();
      int[] own = moves((int) (key >> Integer.SIZE));
      int[] others = (int) key < 0 ? new int[0] : other.moves((int) key);
      List<Integer> cut = new ArrayList<>();
      budget.tick(own.length * Math.max(1, others.length));
      for (int i = 0; i < own.length; i += 3) {
        int at = own[i];
        for (int j = 0; j < others.length && at <= own[i + 1]; j += 3) {
          if (others[j + 1] < at || others[j] > own[i + 1]) {
            continue;
          }
          if (without && others[j] > at) {
            cut.addAll(List.of(at, others[j] - 1, pairs.id(own[i + 2], -1)));
          }
          int last = Math.min(own[i + 1], others[j + 1]);
          cut.addAll(List.of(Math.max(at, others[j]), last, pairs.id(own[i + 2], others[j + 2])));
          at = last + 1;
        }
        if (without && at <= own[i + 1]) {
          cut.addAll(List.of(at, own[i + 1], pairs.id(own[i + 2], -1)));
        }
      }
      budget.hold(cut.size());
      // states are worked on in the order of their numbers
      out.moves.set(next++, cut.stream().mapToInt(x -> x).toArray());
    }
    return out;
  }

  /** The state of a pair; -1 is a state that has left the other automaton. */
  @FunctionalInterface
  private interface Pairs {
    int id(int own, int other);
  }

  /** The subset construction. */
  private static final class Subsets {
    private final Nfa nfa;
    private final int end;
    private final Budget budget;
    private final Dfa out = new Dfa();
    private final Map<Key, Integer> ids = new HashMap<>();
    private final Deque<Key> work = new ArrayDeque<>();
    private int worked;
    private final int[] seen;
    private int round;

    Subsets(Nfa nfa, int end, Budget budget) {
      this.nfa = nfa;
      this.end = end;
      this.budget = budget;
      this.seen = new int[nfa.states()];
    }

    /** States of the other automaton, those that only have silent steps left out. */
    @SuppressWarnings("ArrayRecordComponent") // equality by content, below
    private record Key(int[] states) {
      @Override
      public boolean equals(@Nullable Object other) {
        return other instanceof Key key && Arrays.equals(states, key.states);
      }

      @Override
      public int hashCode() {
        return Arrays.hashCode(states);
      }

      boolean has(int state) {
        return Arrays.binarySearch(states, state) >= 0;
      }
    }

    Dfa build(int start) {
      Key first = closure(List.of(start));
      out.add(first.has(end), budget);
      expand(first, worked++);
      while (!work.isEmpty()) {
        // states are worked on in the order of their numbers
        expand(work.remove(), worked++);
      }
      return out;
    }

    private int id(List<Integer> targets) {
      Key key = closure(targets);
      Integer known = ids.get(key);
      if (known == null) {
        known = out.add(key.has(end), budget);
        ids.put(key, known);
        budget.hold(key.states.length);
        work.add(key);
      }
      return known;
    }

    private Key closure(List<Integer> from) {
      round++;
      Deque<Integer> open = new ArrayDeque<>(from);
      IntStream.Builder kept = IntStream.builder();
      while (!open.isEmpty()) {
        int state = open.pop();
        if (seen[state] == round) {
          continue;
        }
        seen[state] = round;
        budget.tick(1);
        boolean reads = state == end;
        for (int e = nfa.first(state); e >= 0; e = nfa.next(e)) {
          if (nfa.low(e) == Nfa.SILENT) {
            open.push(nfa.to(e));
          } else {
            reads = true;
          }
        }
        if (reads) {
          kept.add(state);
        }
      }
      return new Key(kept.build().sorted().toArray());
    }

    private void expand(Key key, int id) {
      boolean[] cuts = new boolean[0x101];
      Map<Integer, List<Integer>> called = new TreeMap<>();
      List<Integer> reading = new ArrayList<>();
      for (int state : key.states) {
        for (int e = nfa.first(state); e >= 0; e = nfa.next(e)) {
          if (nfa.low(e) >= 0) {
            reading.add(e);
            cuts[nfa.low(e)] = true;
            cuts[nfa.high(e) + 1] = true;
          } else if (nfa.low(e) <= Nfa.CALL) {
            called.computeIfAbsent(Nfa.CALL - nfa.low(e), rule -> new ArrayList<>()).add(nfa.to(e));
          }
        }
      }
      List<int[]> found = new ArrayList<>();
      for (int from = 0, to; from < 0x100; from = to) {
        to = from + 1;
        while (to < 0x100 && !cuts[to]) {
          to++;
        }
        int at = from;
        budget.tick(reading.size());
        List<Integer> targets =
            reading.stream().filter(e -> nfa.low(e) <= at && at <= nfa.high(e)).map(nfa::to).toList();
        if (!targets.isEmpty()) {
          append(found, from, to - 1, id(targets));
        }
      }
      budget.hold(3 * found.size());
      out.moves.set(id, found.stream().flatMapToInt(Arrays::stream).toArray());
      out.calls.set(id, called.entrySet().stream()
          .flatMap(c -> List.of(c.getKey(), id(c.getValue())).stream()).mapToInt(x -> x).toArray());
    }

    private static void append(List<int[]> moves, int first, int last, int target) {
      int[] before = moves.isEmpty() ? null : moves.getLast();
      if (before != null && before[2] == target && before[1] == first - 1) {
        before[1] = last;
      } else {
        moves.add(new int[] {first, last, target});
      }
    }
  }
}
