package io.swiftjvm.infer;

import java.nio.IntBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Full blocks by what they hold: the tokens of a block and all before it, told by a chain. Tokens are compared, not
 * only their hashes, so that no text can be taken for another.
 */
final class PrefixIndex {
  /**
   * What a block holds.
   *
   * @param before the number of the block before it in the chain; for a first block what else must agree
   */
  private record Key(Object before, IntBuffer tokens) {}

  private record Entry(int block, Long number) {}

  private final Map<Key, Entry> entries = new HashMap<>();
  private final Map<Integer, Key> keys = new HashMap<>();
  private long numbers;

  /** A walk along one text. */
  final class Walk {
    private final int[] tokens;
    private final int size;
    private Object before;
    private int at;

    private Walk(Object scope, int[] tokens, int size) {
      this.before = scope;
      this.tokens = tokens;
      this.size = size;
    }

    private Key key() {
      return new Key(before, IntBuffer.wrap(tokens, at, size).slice());
    }

    /** The block that holds the next tokens, or -1; the walk ends there. */
    int next() {
      Entry found = entries.get(key());
      if (found == null) {
        return -1;
      }
      before = found.number;
      at += size;
      return found.block;
    }

    /** {@link #next} after {@code block} was entered for the next tokens, if no other was. */
    int put(int block) {
      Key key = key();
      if (!entries.containsKey(key)) {
        entries.put(key, new Entry(block, numbers++));
        keys.put(block, key);
      }
      return next();
    }
  }

  /** A walk along {@code tokens}, which must not change, in blocks of {@code size}. */
  Walk walk(Object scope, int[] tokens, int size) {
    return new Walk(scope, tokens, size);
  }

  boolean contains(int block) {
    return keys.containsKey(block);
  }

  /** Forgets a block. Those behind it are not found any more. */
  void remove(int block) {
    Key key = keys.remove(block);
    if (key != null) {
      entries.remove(key);
    }
  }

  void clear() {
    entries.clear();
    keys.clear();
  }
}
