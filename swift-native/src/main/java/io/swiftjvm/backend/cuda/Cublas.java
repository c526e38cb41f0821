package io.swiftjvm.backend.cuda;

import io.swiftjvm.backend.Fallbacks;
import io.swiftjvm.error.DeviceException;
import io.swiftjvm.error.MemoryException;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Products by cuBLASLt where the machine has it: of bf16 by bf16 and of float32 matrices, in the arithmetic that our own
 * kernels would have used. Each shape's algorithm is asked for once; what it refuses is ours again, and counted.
 */
final class Cublas implements AutoCloseable {
  /** What NVIDIA recommends for sm_90; an algorithm takes what it needs of it. */
  private static final long WORKSPACE = 32L << 20;
  private static final int SHAPES = 512;
  private static final int MOST_ALIGNED = 256;
  private static final String OURS = ", our own kernels are used";

  private final Session session;
  private final DeviceMemory memory;
  private final Fallbacks fallbacks;
  private final Supplier<NvidiaLibrary> search;
  /** In the order of their last use; a shape that was refused has no product. */
  private final LinkedHashMap<CublasLt.Shape, Found> shapes = new LinkedHashMap<>(16, 0.75f, true);
  private volatile boolean on = true;
  private boolean searched;
  private @Nullable CublasLt library;
  private String state = "not looked for yet";

  private record Found(CublasLt.@Nullable Product product, String refusal) {}

  Cublas(Session session, DeviceMemory memory, Fallbacks fallbacks) {
    this(session, memory, fallbacks,
        () -> NvidiaLibrary.find(CublasLt.WANTED, NvidiaLibrary.folders(CublasLt.WANTED)));
  }

  Cublas(Session session, DeviceMemory memory, Fallbacks fallbacks, Supplier<NvidiaLibrary> search) {
    this.session = session;
    this.memory = memory;
    this.fallbacks = fallbacks;
    this.search = search;
  }

  void on(boolean value) {
    on = value;
  }

  /** {@code products by cuBLASLt 13.0 (libcublasLt.so.13)}, or by ours and why. */
  synchronized String description() {
    if (!on) {
      return "products by our own kernels: cuBLASLt is switched off";
    }
    return open() == null ? "products by our own kernels: " + state : "products by " + state;
  }

  /** True if products are worth rounding for it. */
  synchronized boolean ready() {
    return on && open() != null;
  }

  private @Nullable CublasLt open() {
    if (!searched) {
      searched = true;
      try {
        NvidiaLibrary found = search.get();
        session.enter();
        CublasLt opened = new CublasLt(found.symbols(), found.where());
        library = opened;
        state = opened.name() + " (" + found.where() + ")";
      } catch (DeviceException e) {
        state = String.valueOf(e.getMessage());
      }
    }
    return library;
  }

  /**
   * Row-major {@code out (m,n) = alpha op(a) op(b) + beta out} of two matrices of the same type; out is float32.
   *
   * @param tf32 float32 sides may be rounded to TF32
   * @return false if it was not done
   */
  synchronized boolean multiply(
      Tensor a, boolean ta, Tensor b, boolean tb, Tensor out, long m, long n, long k, float alpha, float beta, boolean tf32) {
    CublasLt opened = on ? open() : null;
    if (opened == null) {
      return false;
    }
    int type = a.dtype() == DType.BF16 ? CublasLt.R_16BF : CublasLt.R_32F;
    // Rows in memory are columns to cuBLAS, so all is transposed: out^T = op(b)^T op(a)^T.
    CublasLt.Shape shape = new CublasLt.Shape(tf32 ? CublasLt.COMPUTE_32F_FAST_TF32 : CublasLt.COMPUTE_32F,
        tb ? new CublasLt.Matrix(type, k, n, k) : new CublasLt.Matrix(type, n, k, n), tb,
        ta ? new CublasLt.Matrix(type, m, k, m) : new CublasLt.Matrix(type, k, m, k), ta,
        new CublasLt.Matrix(CublasLt.R_32F, n, m, n), List.of(alignment(b), alignment(a), alignment(out)));
    Found found = shapes.get(shape);
    if (found == null) {
      found = ask(opened, shape);
      keep(shape, found);
    }
    CublasLt.Product product = found.product;
    String refusal = found.refusal;
    if (product != null) {
      CudaStorage space = null;
      try {
        space = product.workspace() == 0 ? null : memory.allocate(product.workspace());
        product.run(alpha, memory.address(b), memory.address(a), beta, memory.address(out),
            space == null ? 0 : space.address(), session.stream());
        return true;
      } catch (MemoryException e) {
        refusal = "cuBLASLt had no memory to work in";
      } catch (DeviceException e) {
        if (session.isCapturing()) {
          // The graph failed, which says nothing of the product.
          throw e;
        }
        refusal = String.valueOf(e.getMessage());
        product.close();
        shapes.put(shape, new Found(null, refusal));
      } finally {
        if (space != null) {
          // The stream gives it to others behind this product only.
          space.release();
        }
      }
    }
    fallbacks.other("matmul by " + b.dtype().shortName(), refusal + OURS);
    return false;
  }

  private Found ask(CublasLt opened, CublasLt.Shape shape) {
    session.enter();
    try {
      return new Found(opened.product(shape, WORKSPACE), "");
    } catch (DeviceException e) {
      return new Found(null, String.valueOf(e.getMessage()));
    }
  }

  private void keep(CublasLt.Shape shape, Found found) {
    if (shapes.size() == SHAPES) {
      Found oldest = shapes.pollFirstEntry().getValue();
      close(oldest);
    }
    shapes.put(shape, found);
  }

  private static void close(Found found) {
    if (found.product != null) {
      found.product.close();
    }
  }

  private int alignment(Tensor t) {
    return (int) Math.min(MOST_ALIGNED, Long.lowestOneBit(memory.address(t)));
  }

  @Override
  public synchronized void close() {
    shapes.values().forEach(Cublas::close);
    shapes.clear();
    if (library != null) {
      library.close();
      library = null;
    }
    on = false;
  }
}
