package io.swiftjvm.backend.cpu;

import io.swiftjvm.error.MemoryException;
import io.swiftjvm.tensor.LargePages;
import io.swiftjvm.tensor.Storage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Off-heap memory by size classes, eight to a doubling. Freed blocks are kept for the next tensor of their class, as
 * the steps of a training ask for the same sizes again and again; what is kept stays below a quarter of the peak plus
 * 64 MiB. Small blocks are cut from slabs. Thread-safe. Use after {@link #close} throws {@link IllegalStateException}.
 */
final class CpuPool implements AutoCloseable {
  private static final long ALIGNMENT = 64;
  private static final long SLAB = 1 << 20;
  private static final long SMALL = SLAB / 16;
  private static final long SLACK = 64L << 20;
  /** Blocks up to a quarter of it are cut from regions one behind the other, so that they share large pages. */
  private static final long REGION = 64L << 20;

  private final Map<Long, ArrayDeque<Block>> small = new TreeMap<>();
  private final TreeMap<Long, ArrayDeque<Block>> large = new TreeMap<>();
  private final List<Arena> slabs = new ArrayList<>();
  private final List<Block> lent = new ArrayList<>();
  private @Nullable MemorySegment slab;
  private long slabUsed;
  /** What is left of the region. */
  private long regionAt;
  private long regionEnd;
  private long used;
  private long peak;
  private long reserved;
  private long limit = Long.MAX_VALUE;
  private int passes;
  private boolean closed;

  /**
   * Bytes at one moment.
   *
   * @param used in live tensors, rounded up to their classes
   * @param peak the most that {@code used} has been
   * @param reserved taken from the operating system
   */
  record Statistics(long used, long peak, long reserved) {}

  private static final class Block {
    final MemorySegment memory;
    final @Nullable Arena arena;
    int index;

    Block(MemorySegment memory, @Nullable Arena arena) {
      this.memory = memory;
      this.arena = arena;
    }
  }

  Storage allocate(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("cannot allocate " + bytes + " bytes");
    }
    return new Pooled(this, take(sizeClass(bytes)), bytes);
  }

  synchronized void limit(long bytes) {
    limit = bytes;
  }

  synchronized Statistics statistics() {
    return new Statistics(used, peak, reserved);
  }

  /** Gives what is kept for later back to the operating system. */
  synchronized void trim() {
    shrink(Long.MAX_VALUE);
  }

  /** Keeps the memory until {@link #leave}, for code that knows its addresses alone. */
  synchronized void enter() {
    if (closed) {
      throw new IllegalStateException("the backend is closed");
    }
    passes++;
  }

  synchronized void leave() {
    passes--;
  }

  /**
   * Frees everything; tensors that are still alive throw when used.
   *
   * @throws IllegalStateException if a pass is under way
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (passes > 0) {
      throw new IllegalStateException("the backend cannot be closed while a pass is under way");
    }
    closed = true;
    shrink(Long.MAX_VALUE);
    for (Block block : lent) {
      if (block.arena != null) {
        block.arena.close();
      }
    }
    slabs.forEach(Arena::close);
    LargePages.release(regionAt, regionEnd - regionAt);
    lent.clear();
    slabs.clear();
    small.clear();
    slab = null;
    used = 0;
    reserved = 0;
  }

  /** Rounds up to a multiple of an eighth of the power of two below, and to a cache line. */
  static long sizeClass(long bytes) {
    long step = Math.max(ALIGNMENT, Long.highestOneBit(Math.max(1, bytes - 1)) >>> 3);
    return Math.max(ALIGNMENT, Math.ceilDiv(bytes, step) * step);
  }

  private synchronized Block take(long size) {
    if (closed) {
      throw new IllegalStateException("the backend is closed");
    }
    Map<Long, ArrayDeque<Block>> free = size <= SMALL ? small : large;
    ArrayDeque<Block> list = free.get(size);
    if (size > limit - used) {
      throw new MemoryException(size, used, limit, "A tensor of " + size + " bytes was asked for with " + used
          + " bytes in use; the limit is " + limit + ". Work on less at a time, or raise the limit.");
    }
    Block block = list == null ? null : list.pollLast();
    if (block == null) {
      block = size <= SMALL ? cut(size) : reserve(size);
    }
    block.index = lent.size();
    lent.add(block);
    used += size;
    peak = Math.max(peak, used);
    return block;
  }

  private Block cut(long size) {
    MemorySegment current = slab;
    if (current == null || slabUsed + size > SLAB) {
      Arena arena = Arena.ofShared();
      current = arena.allocate(SLAB, ALIGNMENT);
      slabs.add(arena);
      slab = current;
      slabUsed = 0;
      reserved += SLAB;
    }
    Block block = new Block(current.asSlice(slabUsed, size), null);
    slabUsed += size;
    return block;
  }

  private Block reserve(long size) {
    long allowed = Math.min(limit, Math.max(peak, used + size) / 4 * 5 + SLACK);
    if (reserved + size > allowed) {
      shrink(reserved + size - allowed);
    }
    Arena arena = Arena.ofShared();
    try {
      MemorySegment memory = memory(size, arena);
      reserved += size;
      return new Block(memory, arena);
    } catch (OutOfMemoryError e) {
      arena.close();
      if (large.values().stream().allMatch(ArrayDeque::isEmpty)) {
        throw new MemoryException(size, used, Long.MAX_VALUE, "A tensor of " + size + " bytes was asked for with " + used
            + " bytes in use; the operating system has no more. Work on less at a time.");
      }
      shrink(Long.MAX_VALUE);
      return reserve(size);
    }
  }

  private MemorySegment memory(long size, Arena arena) {
    long bytes = Math.ceilDiv(size, LargePages.UNIT) * LargePages.UNIT;
    long at = bytes > REGION / 4 ? LargePages.reserve(bytes) : next(bytes);
    return at == 0 ? arena.allocate(size, ALIGNMENT) : LargePages.segment(at, bytes, arena).asSlice(0, size);
  }

  /** The next bytes of the region; 0 = there are no large pages. */
  private long next(long bytes) {
    if (regionEnd - regionAt < bytes) {
      LargePages.release(regionAt, regionEnd - regionAt);
      regionAt = LargePages.reserve(REGION);
      regionEnd = regionAt == 0 ? 0 : regionAt + REGION;
    }
    if (regionAt == 0) {
      return 0;
    }
    regionAt += bytes;
    return regionAt - bytes;
  }

  /** Releases kept blocks, the largest first, until {@code bytes} are given back. */
  private void shrink(long bytes) {
    long left = bytes;
    for (ArrayDeque<Block> list : large.descendingMap().values()) {
      while (left > 0 && !list.isEmpty()) {
        Block block = list.pollFirst();
        if (block.arena != null) {
          block.arena.close();
        }
        reserved -= block.memory.byteSize();
        left -= block.memory.byteSize();
      }
    }
    large.values().removeIf(ArrayDeque::isEmpty);
  }

  private synchronized void give(Block block) {
    if (closed) {
      return;
    }
    Block last = lent.removeLast();
    if (last != block) {
      lent.set(block.index, last);
      last.index = block.index;
    }
    long size = block.memory.byteSize();
    used -= size;
    (size <= SMALL ? small : large).computeIfAbsent(size, s -> new ArrayDeque<>()).addLast(block);
  }

  private static final class Pooled extends Storage {
    private final CpuPool pool;
    private final long bytes;
    private Block block;

    Pooled(CpuPool pool, Block block, long bytes) {
      this.pool = pool;
      this.block = block;
      this.bytes = bytes;
    }

    @Override
    public long bytes() {
      return bytes;
    }

    @Override
    protected MemorySegment memory() {
      return block.memory;
    }

    @Override
    protected void free() {
      pool.give(block);
    }

    @Override
    protected void renew() {
      block = pool.take(sizeClass(bytes));
    }

    @Override
    public boolean renewable() {
      return true;
    }
  }
}
