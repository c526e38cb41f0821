package io.swiftjvm.infer.grammar;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What may follow when a rule is over: the stacks of an automaton with calls, shared where they are the same. */
final class Context {
  /** Nothing: the grammar is over. */
  static final Context BOTTOM = new Context(0, true, List.of());

  private final long number;
  private final boolean bottom;
  private final List<Return> returns;

  private Context(long number, boolean bottom, List<Return> returns) {
    this.number = number;
    this.bottom = bottom;
    this.returns = returns;
  }

  /** A state to go on in, and what may follow its rule. */
  record Return(int state, Context below) {}

  long number() {
    return number;
  }

  /** True if the grammar may be over. */
  boolean bottom() {
    return bottom;
  }

  List<Return> returns() {
    return returns;
  }

  /** Makes contexts; the same content gives the same object as long as it is remembered. */
  static final class Pool {
    private static final int MOST = 20_000;
    private static final Comparator<Return> ORDER =
        Comparator.comparingInt(Return::state).thenComparing(r -> r.below().number());

    private final Map<Key, Context> known = new HashMap<>();
    private long made;

    private record Key(boolean bottom, List<Return> returns) {}

    Context of(boolean bottom, Set<Return> returns) {
      if (returns.isEmpty() && bottom) {
        return BOTTOM;
      }
      if (known.size() >= MOST) {
        known.clear(); // contexts in use stay valid; equal ones are then merely not recognised
      }
      List<Return> sorted = new ArrayList<>(returns);
      sorted.sort(ORDER);
      return known.computeIfAbsent(new Key(bottom, sorted), key -> new Context(++made, bottom, sorted));
    }

    Context union(Context a, Context b) {
      if (a == b) {
        return a;
      }
      Set<Return> all = new LinkedHashSet<>(a.returns);
      all.addAll(b.returns);
      return of(a.bottom || b.bottom, all);
    }
  }
}
