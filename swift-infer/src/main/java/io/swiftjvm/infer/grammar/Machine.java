package io.swiftjvm.infer.grammar;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.grammar.Context.Return;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads bytes by an {@link Automaton}. All ways to read them are followed at once; a state and what follows its rule are
 * one item, so that even an ambiguous grammar has no more items than states. Not thread-safe.
 */
final class Machine {
  private static final int MOST_STATES = 10_000;
  /** Steps of one answer to {@link #work}: beyond, the grammar is too ambiguous to be followed. */
  private static final long MOST_WORK = 3_000_000;

  private final Automaton automaton;
  private final Context.Pool contexts = new Context.Pool();
  private final Map<Key, State> known = new HashMap<>();
  private final int[] classes = new int[0x100];
  private final int classCount;
  private final State dead;
  private long work;

  Machine(Automaton automaton) {
    this.automaton = automaton;
    boolean[] cuts = new boolean[0x101];
    for (int s = 0; s < automaton.size(); s++) {
      int[] moves = automaton.moves(s);
      for (int m = 0; m < moves.length; m += 3) {
        cuts[moves[m]] = true;
        cuts[moves[m + 1] + 1] = true;
      }
    }
    int count = 0;
    for (int b = 0; b < classes.length; b++) {
      count += b > 0 && cuts[b] ? 1 : 0;
      classes[b] = count;
    }
    classCount = count + 1;
    dead = new State(List.of(), List.of(), false, 0);
  }

  /** What a state is made of; {@code over} where the grammar may be over whatever the items say. */
  private record Key(Map<Integer, Context> kernel, boolean over) {}

  /** One item. */
  record Item(int state, Context context) {}

  /** Where a text stands: everything it could be a beginning of. */
  static final class State {
    private final List<Item> items;
    private final List<Item> own;
    private final boolean complete;
    private final @Nullable State[] next;

    private State(List<Item> own, List<Item> items, boolean complete, int classes) {
      this.own = own;
      this.items = items;
      this.complete = complete;
      this.next = new State[classes];
    }

    /** Items but for those that calls of others led to. */
    List<Item> own() {
      return own;
    }

    /** True if the text may end here. */
    boolean complete() {
      return complete;
    }

    /** True if nothing that begins like the text is matched. */
    boolean dead() {
      return items.isEmpty() && !complete;
    }

    /** True if the text may go on. */
    boolean open() {
      return !items.isEmpty();
    }
  }

  Automaton automaton() {
    return automaton;
  }

  State start() {
    Map<Integer, Context> first = new TreeMap<>();
    first.put(automaton.start(0), Context.BOTTOM);
    State state = state(first);
    return automaton.empty() ? new State(state.own, state.items, true, classCount) : state;
  }

  /** The state of a single item that nothing follows. */
  State only(int state) {
    Map<Integer, Context> one = new TreeMap<>();
    one.put(state, Context.BOTTOM);
    return state(one);
  }

  /** The state behind rules that are over. */
  State behind(Context context) {
    Map<Integer, Context> kernel = new TreeMap<>();
    context.returns().forEach(r -> kernel.merge(r.state(), r.below(), contexts::union));
    return state(kernel, context.bottom());
  }

  State step(State from, int b) {
    if (from.next.length == 0) {
      return dead;
    }
    State next = from.next[classes[b]];
    if (next == null) {
      count(1 + from.items.size());
      Map<Integer, Context> kernel = new TreeMap<>();
      for (Item item : from.items) {
        int to = move(automaton.moves(item.state), b);
        if (to >= 0) {
          kernel.merge(to, item.context, contexts::union);
        }
      }
      next = state(kernel);
      from.next[classes[b]] = next;
    }
    return next;
  }

  /** Starts to count the work of one answer. */
  void work() {
    work = 0;
  }

  private void count(int steps) {
    work += steps;
    if (work > MOST_WORK) {
      throw new InvalidPlanException("The grammar is too ambiguous to be followed: too many of its rules could match the same "
          + "text. Make alternatives begin differently.");
    }
  }

  private static int move(int[] moves, int b) {
    int low = 0;
    int high = moves.length / 3 - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (b < moves[3 * middle]) {
        high = middle - 1;
      } else if (b > moves[3 * middle + 1]) {
        low = middle + 1;
      } else {
        return moves[3 * middle + 2];
      }
    }
    return -1;
  }

  private State state(Map<Integer, Context> kernel) {
    return state(kernel, false);
  }

  private State state(Map<Integer, Context> kernel, boolean over) {
    if (kernel.isEmpty() && !over) {
      return dead;
    }
    Key key = new Key(kernel, over);
    State found = known.get(key);
    if (found == null) {
      if (known.size() >= MOST_STATES) {
        known.clear(); // those in use stay valid
      }
      found = close(new TreeMap<>(kernel), over);
      known.put(key, found);
    }
    return found;
  }

  private State close(Map<Integer, Context> items, boolean over) {
    boolean complete = returns(items) || over;
    List<Item> own = list(items);
    PriorityQueue<Integer> called = new PriorityQueue<>((a, b) -> Integer.compare(
        automaton.rank(a), automaton.rank(b)));
    Map<Integer, Set<Return>> pending = new HashMap<>();
    Set<Integer> bottoms = new LinkedHashSet<>();
    own.forEach(item -> call(item, called, pending, bottoms));
    List<Item> all = new ArrayList<>(own);
    while (!called.isEmpty()) {
      int rule = called.remove();
      Set<Return> returns = pending.get(rule);
      if (returns != null) {
        pending.remove(rule);
        Item item = new Item(automaton.start(rule), contexts.of(bottoms.contains(rule), returns));
        all.add(item);
        call(item, called, pending, bottoms);
      }
    }
    all.removeIf(item -> automaton.moves(item.state).length == 0);
    own.removeIf(item -> automaton.moves(item.state).length == 0 && automaton.calls(item.state).length == 0);
    return new State(own, all, complete, classCount);
  }

  /** Adds where rules that are over go on; true if the grammar is over. */
  private boolean returns(Map<Integer, Context> items) {
    boolean complete = false;
    Deque<Integer> over = new ArrayDeque<>(items.keySet());
    while (!over.isEmpty()) {
      int state = over.remove();
      Context context = items.get(state);
      if (context == null || !automaton.accepts(state)) {
        continue;
      }
      complete |= context.bottom();
      for (Return r : context.returns()) {
        count(1);
        Context before = items.get(r.state());
        Context after = before == null ? r.below() : contexts.union(before, r.below());
        if (after != before) {
          items.put(r.state(), after);
          over.add(r.state());
        }
      }
    }
    return complete;
  }

  private void call(
      Item item, PriorityQueue<Integer> called, Map<Integer, Set<Return>> pending, Set<Integer> bottoms) {
    int[] calls = automaton.calls(item.state);
    for (int c = 0; c < calls.length; c += 2) {
      int rule = calls[c];
      Set<Return> returns = pending.get(rule);
      if (returns == null) {
        returns = new LinkedHashSet<>();
        pending.put(rule, returns);
        called.add(rule);
      }
      count(1);
      if (automaton.ends(calls[c + 1])) {
        // the last call of a rule needs no place on the stack
        returns.addAll(item.context.returns());
        count(item.context.returns().size());
        if (item.context.bottom()) {
          bottoms.add(rule);
        }
      } else {
        returns.add(new Return(calls[c + 1], item.context));
      }
    }
  }

  private static List<Item> list(Map<Integer, Context> items) {
    List<Item> list = new ArrayList<>();
    items.forEach((state, context) -> list.add(new Item(state, context)));
    return list;
  }
}
