package io.swiftjvm.tensor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Memory in pages of 2 MiB, which Linux gives where it is asked ({@code madvise}, transparent huge pages): a core that
 * reads weights of 1 GiB in pages of 4 KiB waits for addresses to be looked up (17 - 21 GB/s, in the same run 26 - 29 with
 * large ones). Elsewhere there is none, and other memory serves.
 */
public final class LargePages {
  /** What blocks are cut at, a multiple of the pages of all systems. */
  public static final long UNIT = 64 << 10;
  private static final long PAGE = 2 << 20;
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final int HUGE = 14;
  private static final @Nullable Calls CALLS = Calls.find();

  private LargePages() {}

  private record Calls(MethodHandle map, MethodHandle unmap, MethodHandle advise) {
    static @Nullable Calls find() {
      if (!System.getProperty("os.name").equals("Linux")) {
        return null;
      }
      Linker linker = Linker.nativeLinker();
      SymbolLookup system = linker.defaultLookup();
      Optional<MemorySegment> map = system.find("mmap");
      Optional<MemorySegment> unmap = system.find("munmap");
      Optional<MemorySegment> advise = system.find("madvise");
      if (map.isEmpty() || unmap.isEmpty() || advise.isEmpty()) {
        return null;
      }
      try {
        return new Calls(
            linker.downcallHandle(map.get(),
                FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG)),
            linker.downcallHandle(unmap.get(), FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG)),
            linker.downcallHandle(advise.get(), FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT)));
      } catch (IllegalCallerException e) {
        return null; // native access is denied: the kernels are Java's then, and so is memory
      }
    }
  }

  /**
   * Zeroed memory from a multiple of 2 MiB on; each part of whole {@link #UNIT}s is given back by {@link #release}.
   *
   * @param bytes a multiple of {@link #UNIT}
   * @return its address; 0 = there is none, for want of memory or of large pages
   */
  public static long reserve(long bytes) {
    Calls calls = CALLS;
    if (calls == null) {
      return 0;
    }
    try {
      long all = (long) calls.map.invokeExact(MemorySegment.NULL, bytes + PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
      if (all == -1) {
        return 0;
      }
      long from = Math.ceilDiv(all, PAGE) * PAGE;
      release(all, from - all);
      release(from + bytes, all + PAGE - from);
      int _ = (int) calls.advise.invokeExact(from, bytes, HUGE);
      return from;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Gives reserved memory back; it must not be touched any more. */
  public static void release(long address, long bytes) {
    Calls calls = CALLS;
    if (calls == null || bytes == 0) {
      return;
    }
    try {
      int _ = (int) calls.unmap.invokeExact(address, bytes);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Reserved memory as a segment that lives as long as the arena, and goes with it. */
  public static MemorySegment segment(long address, long bytes, Arena arena) {
    return MemorySegment.ofAddress(address).reinterpret(bytes, arena, memory -> release(memory.address(), bytes));
  }

  /** Asks for large pages under a file that has just been mapped: they come with the first read from the disk. */
  public static void advise(MemorySegment mapped) {
    Calls calls = CALLS;
    if (calls == null || mapped.byteSize() < PAGE) {
      return;
    }
    try {
      int _ = (int) calls.advise.invokeExact(mapped.address(), mapped.byteSize(), HUGE);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** A system call throws nothing. */
  private static AssertionError unexpected(Throwable t) {
    return new AssertionError(t);
  }
}
