package io.swiftjvm.tensor;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A counted piece of device memory behind one or more tensors. Born with one reference; at zero it goes back to where
 * it
 * came from, and every later use throws {@link IllegalStateException}.
 */
public abstract class Storage {
  private final AtomicInteger references = new AtomicInteger(1);
  private volatile boolean vacant;
  private volatile int refills;

  /** Size in bytes. */
  public abstract long bytes();

  /** The memory itself, where the host can reach it; an accelerator's storage refuses. */
  protected abstract MemorySegment memory();

  /**
   * Copies bytes of this memory to the host. A device whose memory the host cannot reach overrides this.
   *
   * @param offset first byte
   * @param target host memory, native or on the heap; as many bytes as it has are copied
   */
  protected void read(long offset, MemorySegment target) {
    MemorySegment.copy(memory(), offset, target, 0, target.byteSize());
  }

  /**
   * Copies bytes of the host into this memory. A device whose memory the host cannot reach overrides this.
   *
   * @param source host memory, native or on the heap; may change once this returns
   * @param offset first byte in this memory
   */
  protected void write(MemorySegment source, long offset) {
    MemorySegment.copy(source, 0, memory(), offset, source.byteSize());
  }

  /** Gives the memory back: when the last reference goes, and in {@link #vacate}. */
  protected abstract void free();

  /** Takes memory of the same size again after {@link #free}. Only where {@link #renewable()}. */
  protected void renew() {
    throw new UnsupportedOperationException("this memory cannot be taken again");
  }

  /** True if {@link #vacate} may be used. */
  public boolean renewable() {
    return false;
  }

  /**
   * Gives the memory back although references are held, who see to it that it is not used before {@link #refill}. For
   * the thread that the tensors belong to.
   */
  public final void vacate() {
    checkOpen();
    if (!renewable()) {
      throw new UnsupportedOperationException("this memory cannot be taken again");
    }
    vacant = true;
    free();
  }

  /** Takes memory again after {@link #vacate}; its content is undefined. */
  public final void refill() {
    if (!vacant || references.get() <= 0) {
      throw new IllegalStateException("only memory that was vacated and is still referred to can be taken again");
    }
    renew();
    refills++;
    vacant = false;
  }

  /** How often {@link #refill} has put other memory here. */
  final int refills() {
    return refills;
  }

  /** The live host memory. */
  public final MemorySegment host() {
    checkOpen();
    return memory();
  }

  /** Takes one more reference. */
  public final void retain() {
    int n;
    do {
      n = references.get();
      if (n <= 0 || vacant) {
        throw closed();
      }
    } while (!references.compareAndSet(n, n + 1));
  }

  /** Drops one reference. */
  public final void release() {
    int left = references.decrementAndGet();
    if (left == 0) {
      if (!vacant) {
        free();
      }
    } else if (left < 0) {
      references.incrementAndGet();
      throw closed();
    }
  }

  /** True while at least one reference is held and the memory is not {@linkplain #vacate vacated}. */
  public final boolean isOpen() {
    return references.get() > 0 && !vacant;
  }

  /** References that are held now; who holds the only one may use the memory for something else. */
  public final int references() {
    return references.get();
  }

  final void checkOpen() {
    if (!isOpen()) {
      throw closed();
    }
  }

  private static IllegalStateException closed() {
    return new IllegalStateException("tensor memory was used after its scope was closed");
  }

  /** Memory that somebody else owns, such as a mapped checkpoint; {@code owner} is told when the last tensor goes. */
  public static Storage external(MemorySegment memory, Runnable owner) {
    return new Storage() {
      @Override
      public long bytes() {
        return memory.byteSize();
      }

      @Override
      protected MemorySegment memory() {
        return memory;
      }

      @Override
      protected void free() {
        owner.run();
      }
    };
  }
}
