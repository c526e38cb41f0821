package io.swiftjvm.infer.grammar;

import io.swiftjvm.text.TokenBytes;
import io.swiftjvm.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * The tokens of a vocabulary by their bytes: a tree whose nodes stand in the order of a walk through it, each with the
 * node behind its subtree, so that a walk that leaves out subtrees is a loop. Special tokens are there as bytes that no
 * text has. Immutable.
 */
final class TokenTrie {
  private final int vocabulary;
  private final Tokenizer tokenizer;
  private final TokenBytes texts;
  private final BitSet single = new BitSet(0x100);
  private byte[] labels = new byte[1024];
  private int[] depths = new int[1024];
  private int[] skips = new int[1024];
  private int[] firsts = new int[1024];
  private final int[] tokens;
  private int size;

  private record Entry(byte[] bytes, int id) {}

  /**
   * The tokens of a tokenizer.
   *
   * @param vocabulary scores of the model; ids from there on are left out
   */
  TokenTrie(Tokenizer tokenizer, int vocabulary) {
    this.vocabulary = vocabulary;
    List<Entry> entries = new ArrayList<>();
    this.tokenizer = tokenizer;
    this.texts = new TokenBytes(tokenizer);
    single.set(Node.Token.FIRST, 0x100);
    for (int id = 0; id < vocabulary; id++) {
      byte[] own = bytes(id);
      if (own.length > 0 && (special(id) || text(own))) {
        entries.add(new Entry(own, id));
      }
      if (own.length == 1) {
        single.set(own[0] & 0xFF);
      }
    }
    entries.sort((a, b) -> Arrays.compareUnsigned(a.bytes, b.bytes));
    tokens = entries.stream().mapToInt(Entry::id).toArray();
    int[] path = new int[1 + entries.stream().mapToInt(e -> e.bytes.length).max().orElse(0)];
    byte[] before = new byte[0];
    int at = 0;
    for (int i = 0; i < entries.size(); i++) {
      byte[] now = entries.get(i).bytes;
      int common = Math.max(0, Arrays.mismatch(before, now) < 0 ? now.length : Arrays.mismatch(before, now));
      for (int depth = at; depth > common; depth--) {
        skips[path[depth]] = size;
      }
      for (int depth = common + 1; depth <= now.length; depth++) {
        path[depth] = node(now[depth - 1], depth, i);
      }
      at = now.length;
      before = now;
    }
    for (int depth = at; depth > 0; depth--) {
      skips[path[depth]] = size;
    }
    node((byte) 0, 0, entries.size());
    size--;
  }

  /** What a token is read as. */
  byte[] bytes(int id) {
    return special(id) ? new Node.Token(id).bytes() : texts.of(id);
  }

  private boolean special(int id) {
    return tokenizer.special().all().contains(id);
  }

  /** False for pieces that no UTF-8 has, such as a single byte of 0xFF. */
  private static boolean text(byte[] bytes) {
    for (byte b : bytes) {
      if ((b & 0xFF) >= Node.Token.FIRST) {
        return false;
      }
    }
    return true;
  }

  /** A node whose tokens begin at {@code first}; those of its ancestors were there before. */
  private int node(byte label, int depth, int first) {
    if (size == labels.length) {
      labels = Arrays.copyOf(labels, 2 * size);
      depths = Arrays.copyOf(depths, 2 * size);
      skips = Arrays.copyOf(skips, 2 * size);
      firsts = Arrays.copyOf(firsts, 2 * size);
    }
    labels[size] = label;
    depths[size] = depth;
    firsts[size] = first;
    return size++;
  }

  /** Scores of the model. */
  int vocabulary() {
    return vocabulary;
  }

  /** Bytes that tokens of one byte write. */
  BitSet single() {
    return single;
  }

  int size() {
    return size;
  }

  int label(int node) {
    return labels[node] & 0xFF;
  }

  /** Bytes from the root to a node, 1 or more. */
  int depth(int node) {
    return depths[node];
  }

  /** The node behind the subtree of a node. */
  int skip(int node) {
    return skips[node];
  }

  /** Adds the tokens that a node stands for. */
  void collect(int node, BitSet into) {
    // descendants' first tokens follow a node's own
    int end = firsts[node + 1];
    for (int i = firsts[node]; i < end; i++) {
      into.set(tokens[i]);
    }
  }

  /** The longest token in bytes. */
  int height() {
    int most = 0;
    for (int i = 0; i < size; i++) {
      most = Math.max(most, depths[i]);
    }
    return most;
  }
}
