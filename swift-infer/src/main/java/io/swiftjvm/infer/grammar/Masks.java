package io.swiftjvm.infer.grammar;

import io.swiftjvm.infer.grammar.Machine.Item;
import io.swiftjvm.infer.grammar.Machine.State;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which tokens may come next. What a token does inside a rule depends on the state of that rule alone and is found out
 * once; only tokens that reach over the end of the rule are followed for each context. Not thread-safe.
 */
final class Masks {
  private static final int MOST_LOCAL = 128;
  private static final int MOST_STATES = 64;

  private final Machine machine;
  private final TokenTrie trie;
  private final State[] path;
  private final Map<Integer, Local> locals = new Latest<>(MOST_LOCAL);
  private final Map<State, BitSet> masks = new Latest<>(MOST_STATES);

  Masks(Machine machine, TokenTrie trie) {
    this.machine = machine;
    this.trie = trie;
    this.path = new State[trie.height() + 1];
  }

  /**
   * The tokens that a state of a rule allows.
   *
   * @param inside those that begin inside the rule
   * @param exits nodes of the trie where the rule may be over and longer tokens go on behind it
   */
  private record Local(BitSet inside, List<Integer> exits) {}

  /** The tokens that may follow; not to be changed. */
  BitSet of(State state) {
    BitSet known = masks.get(state);
    if (known == null) {
      machine.work();
      known = compute(state);
      masks.put(state, known);
    }
    return known;
  }

  private BitSet compute(State state) {
    BitSet all = new BitSet(trie.vocabulary());
    for (Item item : state.own()) {
      Local local = local(item.state());
      all.or(local.inside);
      if (item.context() != Context.BOTTOM && !local.exits.isEmpty()) {
        State behind = machine.behind(item.context());
        for (int exit : local.exits) {
          path[trie.depth(exit)] = behind;
          walk(exit + 1, trie.skip(exit), all, null);
        }
      }
    }
    return all;
  }

  private Local local(int state) {
    Local known = locals.get(state);
    if (known == null) {
      List<Integer> exits = new ArrayList<>();
      BitSet inside = new BitSet(trie.vocabulary());
      path[0] = machine.only(state);
      walk(0, trie.size(), inside, exits);
      known = new Local(inside, exits);
      locals.put(state, known);
    }
    return known;
  }

  private void walk(int from, int to, BitSet found, @Nullable List<Integer> exits) {
    for (int node = from; node < to; ) {
      int depth = trie.depth(node);
      State next = machine.step(path[depth - 1], trie.label(node));
      if (next.dead()) {
        node = trie.skip(node);
        continue;
      }
      trie.collect(node, found);
      if (exits != null && next.complete() && trie.skip(node) > node + 1) {
        exits.add(node);
      }
      path[depth] = next;
      node = next.open() ? node + 1 : trie.skip(node);
    }
  }
}
