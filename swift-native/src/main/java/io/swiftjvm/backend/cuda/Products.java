package io.swiftjvm.backend.cuda;

import io.swiftjvm.backend.Fallbacks;
import io.swiftjvm.backend.KernelTypes;
import io.swiftjvm.backend.Shapes;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Matrix products. Few rows by transposed weights go to kernels that read each weight once; bf16 and fp16 weights to
 * tensor cores unless results shall be exact; quantised weights are widened for many rows. Many rows go to cuBLASLt where
 * it is and computes what our own kernel would.
 */
final class Products {
  /** Rows that the reading kernels take at most. */
  private static final int FEW = 8;
  /** Blocks below which the inner dimension is shared among more of them. */
  private static final long BUSY = 96;
  static final int TENSOR_CORES_FROM = 80;

  private final CudaBackend backend;
  private final Kernels kernels;
  private final DeviceMemory memory;
  private final Fallbacks fallbacks;
  private final Cublas cublas;
  private final boolean tensorCores;
  private final boolean roundsForCublas;
  private volatile boolean exact;
  private volatile boolean tf32;

  Products(CudaBackend backend, Session session, Kernels kernels, DeviceMemory memory, Cublas cublas) {
    this.backend = backend;
    this.kernels = kernels;
    this.memory = memory;
    this.fallbacks = backend.fallbacks();
    this.cublas = cublas;
    roundsForCublas = session.capability() >= TENSOR_CORES_FROM;
    tensorCores = session.capability() >= TENSOR_CORES_FROM && kernels.has("swift_matmul_bf16");
  }

  void exact(boolean on) {
    exact = on;
  }

  boolean isExact() {
    return exact;
  }

  void tf32(boolean on) {
    tf32 = on;
  }

  void matmul(Tensor a, boolean ta, Tensor b, boolean tb, Tensor out, float alpha, float beta) {
    Shapes.Product sizes = Shapes.product(a, ta, b, tb, out);
    long m = sizes.m();
    long n = sizes.n();
    long k = sizes.k();
    Shapes.floats(a);
    Shapes.floats(out);
    if (!b.dtype().isFloat() && !b.dtype().isQuantised()) {
      throw new IllegalArgumentException("weights are float32, bf16, fp16 or quantised, got " + b);
    }
    if (m == 0 || n == 0) {
      return;
    }
    if (!ta && tb && m <= FEW && k > 0) {
      few(a, b, out, m, n, k, alpha, beta);
    } else if (b.dtype().isQuantised()) {
      try (Scope scope = new Scope(backend)) {
        Tensor wide = scope.tensor(rounds() ? DType.BF16 : DType.F32, b.shape());
        backend.cast(b, wide);
        many(a, ta, wide, tb, out, m, n, k, alpha, beta);
      }
    } else {
      many(a, ta, b, tb, out, m, n, k, alpha, beta);
    }
  }

  /** True if something multiplies matrices of bf16. */
  private boolean rounds() {
    return !exact && (tensorCores || (roundsForCublas && cublas.ready()));
  }

  private void few(Tensor a, Tensor b, Tensor out, long m, long n, long k, float alpha, float beta) {
    boolean tiles = b.dtype().tileRows() > 1;
    int align = b.dtype().isFloat() ? 16 : b.dtype() == DType.Q8_BLOCK ? 0 : 4;
    boolean wide = align > 0 && k % 8 == 0 && memory.address(b) % align == 0;
    int threads = k >= 2048 ? 256 : k >= 512 ? 128 : 32;
    Launch launch = kernels.start(tiles ? "swift_matvec_tiles" : "swift_matvec").of(a).of(b).of(KernelTypes.code(b.dtype()))
        .of(out).of((int) m).of(n).of(k).of(alpha).of(beta);
    (tiles ? launch : launch.of(wide)).run(Math.ceilDiv(n, 16L), 1, 1, threads, 0);
  }

  /** The kernel on tensor cores for weights of this type, or null. */
  private @Nullable String tensorKernel(DType type) {
    if (exact || (type == DType.F32 && !tf32)) {
      return null;
    }
    if (!tensorCores) {
      fallbacks.other("matmul by " + type.shortName(), "no tensor cores here, computed in float32");
      return null;
    }
    return type == DType.BF16 ? "swift_matmul_bf16" : "swift_matmul_tf32";
  }

  /** fp16 stays here: its range is too small for what stands beside weights, and TF32 has its precision. */
  private boolean byCublas(
      Tensor a, boolean ta, Tensor b, boolean tb, Tensor out, long m, long n, long k, float alpha, float beta) {
    if (b.dtype() == DType.F32) {
      return cublas.multiply(a, ta, b, tb, out, m, n, k, alpha, beta, tf32 && !exact);
    }
    if (b.dtype() != DType.BF16 || exact || !roundsForCublas || !cublas.ready()) {
      return false;
    }
    try (Scope scope = new Scope(backend)) {
      Tensor rounded = scope.tensor(DType.BF16, a.shape());
      backend.cast(a, rounded);
      return cublas.multiply(rounded, ta, b, tb, out, m, n, k, alpha, beta, false);
    }
  }

  /** A kernel and the results of one of its blocks. */
  private record Tile(String kernel, int rows, int columns) {
    /** Sides up to this are an adapter's rank: most of a square would be empty. */
    private static final int THIN = 32;

    static Tile plain(long m, long n) {
      return n <= Math.min(m, THIN) ? new Tile("swift_matmul_tall", 128, 16)
          : m <= THIN ? new Tile("swift_matmul_flat", 16, 128) : new Tile("swift_matmul", 64, 64);
    }
  }

  private void many(
      Tensor a, boolean ta, Tensor b, boolean tb, Tensor out, long m, long n, long k, float alpha, float beta) {
    if (k > 0 && byCublas(a, ta, b, tb, out, m, n, k, alpha, beta)) {
      return;
    }
    String tensor = tensorKernel(b.dtype());
    Tile tile = tensor != null ? new Tile(tensor, 128, 128) : Tile.plain(m, n);
    long across = Math.ceilDiv(m, tile.rows);
    long down = Math.ceilDiv(n, tile.columns);
    long splits = across * down >= BUSY ? 1 : Math.clamp(BUSY / (across * down), 1, Math.max(1, k / 256));
    long each = Math.ceilDiv(Math.ceilDiv(Math.max(k, 1), splits), 32L) * 32;
    splits = Math.max(1, Math.ceilDiv(k, each));
    try (Scope scope = new Scope(backend)) {
      Tensor parts = splits == 1 ? null : scope.floats(splits, m, n);
      Launch launch = kernels.start(tile.kernel).of(a).of(ta).of(b)
          .of(KernelTypes.code(b.dtype())).of(tb).of(out).of(m).of(n).of(k).of(alpha).of(beta).of(each).of(parts);
      if (tensor != null) {
        // Four neighbours are fetched at once where rows of the side that is contiguous allow it.
        boolean wideA = (ta ? m : k) % 4 == 0 && memory.address(a) % 16 == 0;
        boolean wideB = (tb ? k : n) % 4 == 0 && memory.address(b) % 16 == 0;
        launch.of((wideA ? 1 : 0) | (wideB ? 2 : 0));
      }
      launch.run(across, down, splits, 256, 0);
      if (parts != null) {
        kernels.start("swift_matmul_parts").of(parts).of(splits).of(out).of(alpha).of(beta).elements(m * n);
      }
    }
  }
}
