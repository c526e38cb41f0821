package io.swiftjvm.backend.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * float32 products of Apple's Accelerate framework, which reaches the matrix units that our kernels do not. It shares the
 * work among threads by itself, whatever number was asked for; its sums have an order of their own. Untested on a Mac: the tests call a library of ours
 * with the same signature.
 */
final class Accelerate {
  private static final String FRAMEWORK = "/System/Library/Frameworks/Accelerate.framework/Accelerate";
  /** Up to so many rows wait for memory, which our kernels read as fast, and give the same bits whatever their number. */
  static final int ROWS = 16;
  /** CblasRowMajor, CblasNoTrans, CblasTrans of {@code cblas.h}. */
  private static final int ROW_MAJOR = 101;
  private static final int PLAIN = 111;
  private static final int TRANSPOSED = 112;
  private static final System.Logger LOG = System.getLogger(Accelerate.class.getName());
  private static final @Nullable Accelerate FOUND =
      System.getProperty("os.name").startsWith("Mac") ? at(FRAMEWORK) : null;

  private final MethodHandle sgemm;

  private Accelerate(MethodHandle sgemm) {
    this.sgemm = sgemm;
  }

  /** The framework, where this is macOS. */
  static @Nullable Accelerate found() {
    return FOUND;
  }

  /**
   * The {@code cblas_sgemm} of a library, null with a logged reason if there is none. By name: macOS keeps its frameworks in
   * a cache that the loader alone reads, there is no such file.
   */
  static @Nullable Accelerate at(String library) {
    try {
      MemorySegment function = SymbolLookup.libraryLookup(library, Arena.global()).findOrThrow("cblas_sgemm");
      return new Accelerate(Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.ofVoid(JAVA_INT, JAVA_INT,
          JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_FLOAT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_FLOAT, ADDRESS,
          JAVA_INT)));
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.INFO, "products by our own kernels, not by {0}: {1}", library, e.getMessage());
      return null;
    }
  }

  /** True if a product of these sizes is one for it. */
  static boolean takes(long m, long n, long k) {
    return m > ROWS && k > 0 && Math.max(m, Math.max(n, k)) <= Integer.MAX_VALUE;
  }

  /** {@code out (m,n) = alpha op(a) op(b) + beta out} in float32. */
  void matmul(
      MemorySegment a, boolean transposeA, MemorySegment b, boolean transposeB, MemorySegment out, long m, long n, long k,
      float alpha, float beta) {
    try {
      sgemm.invokeExact(ROW_MAJOR, transposeA ? TRANSPOSED : PLAIN, transposeB ? TRANSPOSED : PLAIN, (int) m, (int) n, (int) k,
          alpha, a, (int) (transposeA ? m : k), b, (int) (transposeB ? k : n), beta, out, (int) n);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
