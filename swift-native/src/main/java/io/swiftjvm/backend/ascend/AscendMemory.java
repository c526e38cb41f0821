package io.swiftjvm.backend.ascend;

import io.swiftjvm.error.MemoryException;
import io.swiftjvm.tensor.Storage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Blocks of a card's memory. Freed ones are kept by size for the next that asks: everything happens in the order of one
 * stream, so that a block may be handed on while operations on it are still under way.
 */
final class AscendMemory {
  private static final long UNIT = 512;
  private static final int TO_DEVICE = 1;
  private static final int TO_HOST = 2;

  private final Acl acl;
  private final Runnable settle;
  private final Map<Long, ArrayDeque<MemorySegment>> free = new HashMap<>();
  private long used;

  /**
   * Over a card.
   *
   * @param settle makes the card current for this thread and waits for its stream
   */
  AscendMemory(Acl acl, Runnable settle) {
    this.acl = acl;
    this.settle = settle;
  }

  Storage allocate(long bytes) {
    long size = Math.max(1, Math.ceilDiv(bytes, UNIT)) * UNIT;
    return new Block(block(size), size, bytes);
  }

  private synchronized MemorySegment block(long size) {
    ArrayDeque<MemorySegment> blocks = free.get(size);
    MemorySegment block = blocks == null ? null : blocks.poll();
    if (block == null) {
      block = take(size);
    }
    used += size;
    return block;
  }

  private MemorySegment take(long size) {
    settle.run();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      int code = acl.code("aclrtMalloc", "ali", out, size, 0);
      if (code == Acl.NO_MEMORY) {
        trim();
        code = acl.code("aclrtMalloc", "ali", out, size, 0);
      }
      if (code == Acl.NO_MEMORY) {
        throw new MemoryException(size, used, used, "the card's memory has no room for " + size + " more bytes beside "
            + used + " in tensors. Use smaller batches, or gradient_checkpointing");
      }
      acl.check("aclrtMalloc", code);
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /** Gives kept blocks back to the card; the caller has waited for the stream. */
  synchronized void trim() {
    settle.run();
    free.values().forEach(blocks -> blocks.forEach(block -> acl.call("aclrtFree", "a", block)));
    free.clear();
  }

  private synchronized void give(MemorySegment block, long size) {
    used -= size;
    free.computeIfAbsent(size, n -> new ArrayDeque<>()).add(block);
  }

  private void move(MemorySegment device, MemorySegment host, int kind) {
    settle.run();
    long n = host.byteSize();
    if (host.isNative()) {
      acl.call("aclrtMemcpy", "alali", kind == TO_DEVICE ? device : host, n, kind == TO_DEVICE ? host : device, n, kind);
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate(Math.max(1, n)).asSlice(0, n);
      if (kind == TO_DEVICE) {
        copy.copyFrom(host);
        move(device, copy, kind);
      } else {
        move(device, copy, kind);
        host.copyFrom(copy);
      }
    }
  }

  /** A block in use. */
  final class Block extends Storage {
    private final long size;
    private final long bytes;
    private MemorySegment at;

    private Block(MemorySegment at, long size, long bytes) {
      this.at = at;
      this.size = size;
      this.bytes = bytes;
    }

    /** The card's address of a byte, for calls only. */
    MemorySegment at(long offset) {
      return MemorySegment.ofAddress(at.address() + offset);
    }

    boolean of(AscendMemory memory) {
      return memory == AscendMemory.this;
    }

    @Override
    public long bytes() {
      return bytes;
    }

    @Override
    protected MemorySegment memory() {
      throw new UnsupportedOperationException("this memory is on a card; use read or download");
    }

    @Override
    protected void read(long offset, MemorySegment target) {
      if (target.byteSize() > 0) {
        move(at(offset), target, TO_HOST);
      }
    }

    @Override
    protected void write(MemorySegment source, long offset) {
      if (source.byteSize() > 0) {
        move(at(offset), source, TO_DEVICE);
      }
    }

    @Override
    protected void free() {
      give(at, size);
    }

    @Override
    protected void renew() {
      at = block(size);
    }

    @Override
    public boolean renewable() {
      return true;
    }
  }
}
