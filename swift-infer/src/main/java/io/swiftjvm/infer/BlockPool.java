package io.swiftjvm.infer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.function.IntConsumer;

/**
 * Which blocks of a cache are in use. A block may have several users; one that is kept without users is idle: it is
 * still full and goes when its place is needed, the one that idles longest first.
 */
final class BlockPool {
  /** Blocks of one sequence lie in runs of so many where they can: a kernel then reads them without a copy. */
  static final int RUN = 4;
  private static final int LEAST_IDLE = 256;
  private static final int IDLE_SHARE = 8;

  private final int limit;
  private final IntConsumer dropped;
  private final BitSet taken = new BitSet();
  private final LinkedHashSet<Integer> idle = new LinkedHashSet<>();
  private int[] users = new int[RUN];
  private int high;

  /**
   * A pool whose blocks are free.
   *
   * @param limit blocks there may be
   * @param dropped told of every idle block that goes
   */
  BlockPool(int limit, IntConsumer dropped) {
    this.limit = limit;
    this.dropped = dropped;
  }

  /** Blocks there may be. */
  int limit() {
    return limit;
  }

  /** The blocks that were ever taken are below this number. */
  int high() {
    return high;
  }

  /** Blocks with users. */
  int used() {
    return taken.cardinality() - idle.size();
  }

  /** Blocks that {@link #take} can give. */
  int available() {
    return limit - used();
  }

  /**
   * A block for one user.
   *
   * @param after the block before it in its sequence, or -1
   * @return its number, or -1 if every block has users
   */
  int take(int after) {
    int block = next(after);
    if (block < 0) {
      Iterator<Integer> oldest = idle.iterator();
      if (!oldest.hasNext()) {
        return -1;
      }
      block = oldest.next();
      oldest.remove();
      dropped.accept(block);
    }
    taken.set(block);
    high = Math.max(high, block + 1);
    users = block < users.length ? users : Arrays.copyOf(users, Math.max(block + 1, users.length * 2));
    users[block] = 1;
    return block;
  }

  private int next(int after) {
    if (after >= 0 && (after + 1) % RUN != 0 && after + 1 < limit && !taken.get(after + 1)) {
      return after + 1;
    }
    for (int run = 0; run + RUN <= limit; run = (taken.nextSetBit(run) / RUN + 1) * RUN) {
      int used = taken.nextSetBit(run);
      if (used < 0 || used >= run + RUN) {
        return run;
      }
    }
    int single = taken.nextClearBit(0);
    return single < limit ? single : -1;
  }

  /** One more user of a block that is in use or idle. */
  void share(int block) {
    idle.remove(block);
    users[block]++;
  }

  /**
   * One user less.
   *
   * @param keep without users it idles, else it is free
   */
  void leave(int block, boolean keep) {
    if (--users[block] > 0) {
      return;
    }
    if (!keep) {
      taken.clear(block);
      return;
    }
    idle.add(block);
    if (idle.size() > Math.max(LEAST_IDLE, limit / IDLE_SHARE)) {
      free(idle.getFirst());
    }
  }

  /** Drops every idle block. */
  void dropIdle() {
    while (!idle.isEmpty()) {
      free(idle.getFirst());
    }
  }

  private void free(int block) {
    idle.remove(block);
    taken.clear(block);
    dropped.accept(block);
  }
}
