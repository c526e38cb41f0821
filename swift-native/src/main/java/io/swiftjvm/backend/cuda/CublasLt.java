package io.swiftjvm.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.swiftjvm.error.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * The functions of NVIDIA's cuBLASLt that products need ({@code cublasLt.h}, CUDA 12 and later). Matrices are
 * column-major; handles and device addresses are longs. Not thread-safe: the arguments of a call are in memory of its own.
 */
final class CublasLt implements AutoCloseable {
  static final NvidiaLibrary.Wanted WANTED = new NvidiaLibrary.Wanted("cuBLASLt", "swift.cublas.path",
      List.of("libcublasLt.so.13", "libcublasLt.so.12"), List.of("cu13/lib", "cublas/lib"), "", null);
  /** cudaDataType_t. */
  static final int R_32F = 0;
  static final int R_16BF = 14;
  /** cublasComputeType_t. */
  static final int COMPUTE_32F = 68;
  static final int COMPUTE_32F_FAST_TF32 = 77;
  private static final int SUCCESS = 0;
  private static final int OLDEST = 12;
  /** cublasLtMatmulDescAttributes_t. */
  private static final int TRANSPOSE_A = 3;
  private static final int TRANSPOSE_B = 4;
  /** cublasLtMatmulPreferenceAttributes_t; alignments of A, B, C and D follow each other. */
  private static final int MAX_WORKSPACE = 1;
  private static final int MIN_ALIGNMENT_A = 5;
  /** cublasLtMatmulHeuristicResult_t: the algorithm, then the bytes it works in, then its status. */
  private static final int ALGORITHM_BYTES = 64;
  private static final int RESULT_BYTES = 96;
  private static final Linker LINKER = Linker.nativeLinker();

  private final SymbolLookup library;
  private final String path;
  private final MethodHandle create = find("cublasLtCreate", ADDRESS);
  private final MethodHandle destroy = find("cublasLtDestroy", JAVA_LONG);
  private final MethodHandle property = find("cublasLtGetProperty", JAVA_INT, ADDRESS);
  private final MethodHandle makeProduct = find("cublasLtMatmulDescCreate", ADDRESS, JAVA_INT, JAVA_INT);
  private final MethodHandle endProduct = find("cublasLtMatmulDescDestroy", JAVA_LONG);
  private final MethodHandle setProduct =
      find("cublasLtMatmulDescSetAttribute", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private final MethodHandle makeLayout =
      find("cublasLtMatrixLayoutCreate", ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private final MethodHandle endLayout = find("cublasLtMatrixLayoutDestroy", JAVA_LONG);
  private final MethodHandle makePreference = find("cublasLtMatmulPreferenceCreate", ADDRESS);
  private final MethodHandle endPreference = find("cublasLtMatmulPreferenceDestroy", JAVA_LONG);
  private final MethodHandle setPreference =
      find("cublasLtMatmulPreferenceSetAttribute", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private final MethodHandle heuristic = find("cublasLtMatmulAlgoGetHeuristic", JAVA_LONG, JAVA_LONG, JAVA_LONG,
      JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
  private final MethodHandle matmul = find("cublasLtMatmul", JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG,
      JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG,
      JAVA_LONG);
  private final Arena arena = Arena.ofShared();
  private final MemorySegment answer = arena.allocate(16, 16);
  private final MemorySegment scales = arena.allocate(8, 8);
  private final long handle;

  /**
   * Binds the library and opens it in the current context.
   *
   * @throws DeviceException if a function is missing, it is too old, or does not start
   */
  CublasLt(SymbolLookup library, String path) {
    this.library = library;
    this.path = path;
    // The handles above are looked up in both.
    super();
    try {
      int major = property(0);
      if (major < OLDEST) {
        throw new DeviceException("cuBLASLt at " + path + " has version " + major + ", " + OLDEST + " or later is needed");
      }
      check(run(() -> (int) create.invokeExact(answer)), "starting");
      handle = answer.get(JAVA_LONG, 0);
    } catch (DeviceException e) {
      arena.close();
      throw e;
    }
  }

  private MethodHandle find(String name, MemoryLayout... arguments) {
    MemorySegment symbol = library.find(name).orElseThrow(
        () -> new DeviceException("cuBLASLt at " + path + " has no function " + name));
    return LINKER.downcallHandle(symbol, FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private interface Call {
    int run() throws Throwable;
  }

  private static int run(Call call) {
    try {
      return call.run();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static void check(int code, String doing) {
    if (code != SUCCESS) {
      throw new DeviceException("cuBLASLt failed at " + doing + " with " + explain(code));
    }
  }

  /** {@code CUBLAS_STATUS_NOT_SUPPORTED (15)}. */
  private static String explain(int code) {
    String name = switch (code) {
      case 1 -> "NOT_INITIALIZED";
      case 3 -> "ALLOC_FAILED";
      case 7 -> "INVALID_VALUE";
      case 8 -> "ARCH_MISMATCH";
      case 13 -> "EXECUTION_FAILED";
      case 14 -> "INTERNAL_ERROR";
      case 15 -> "NOT_SUPPORTED";
      default -> "unknown";
    };
    return "CUBLAS_STATUS_" + name + " (" + code + ")";
  }

  /** 0: major, 1: minor version. */
  private int property(int which) {
    check(run(() -> (int) property.invokeExact(which, answer)), "asking for its version");
    return answer.get(JAVA_INT, 0);
  }

  /** {@code cuBLASLt 13.0}. */
  String name() {
    return "cuBLASLt " + property(0) + "." + property(1);
  }

  /** A matrix in memory: the columns are {@code stride} elements apart. */
  record Matrix(int type, long rows, long columns, long stride) {}

  /**
   * {@code D = alpha op(A) op(B) + beta D}, op = transpose where asked.
   *
   * @param compute a cublasComputeType_t
   * @param alignments bytes of which the addresses of A, B and D are multiples
   */
  record Shape(
      int compute, Matrix a, boolean transposeA, Matrix b, boolean transposeB, Matrix d, List<Integer> alignments) {}

  /** A shape with its algorithm, ready to be used again. */
  final class Product implements AutoCloseable {
    private long product;
    private long a;
    private long b;
    private long d;
    private final MemorySegment algorithm = Arena.ofAuto().allocate(ALGORITHM_BYTES, 16);
    private long workspace;

    /** Bytes that a run works in. */
    long workspace() {
      return workspace;
    }

    /** Runs it; every address is on the device, {@code space} has the bytes of {@link #workspace()}. */
    void run(float alpha, long addressA, long addressB, float beta, long addressD, long space, long stream) {
      scales.set(JAVA_FLOAT, 0, alpha);
      scales.set(JAVA_FLOAT, 4, beta);
      MemorySegment second = scales.asSlice(4);
      check(CublasLt.run(() -> (int) matmul.invokeExact(handle, product, scales, addressA, a, addressB, b, second,
          addressD, d, addressD, d, algorithm, space, workspace, stream)), "a product");
    }

    @Override
    public void close() {
      end(endProduct, product);
      end(endLayout, a);
      end(endLayout, b);
      end(endLayout, d);
    }
  }

  private static void end(MethodHandle function, long what) {
    if (what != 0) {
      run(() -> (int) function.invokeExact(what));
    }
  }

  /**
   * Asks for the best algorithm.
   *
   * @param most bytes that it may work in
   * @throws DeviceException if there is none
   */
  Product product(Shape shape, long most) {
    Product made = new Product();
    long preference = 0;
    try (Arena local = Arena.ofConfined()) {
      check(run(() -> (int) makeProduct.invokeExact(answer, shape.compute, R_32F)), "describing a product");
      made.product = answer.get(JAVA_LONG, 0);
      set(setProduct, made.product, TRANSPOSE_A, shape.transposeA ? 1 : 0);
      set(setProduct, made.product, TRANSPOSE_B, shape.transposeB ? 1 : 0);
      made.a = layout(shape.a);
      made.b = layout(shape.b);
      made.d = layout(shape.d);
      check(run(() -> (int) makePreference.invokeExact(answer)), "choosing an algorithm");
      preference = answer.get(JAVA_LONG, 0);
      long chosen = preference;
      answer.set(JAVA_LONG, 0, most);
      check(run(() -> (int) setPreference.invokeExact(chosen, MAX_WORKSPACE, answer, 8L)), "choosing an algorithm");
      for (int i = 0; i < 4; i++) {
        set(setPreference, chosen, MIN_ALIGNMENT_A + i, shape.alignments.get(Math.min(i, 2)));
      }
      MemorySegment result = local.allocate(RESULT_BYTES, 16);
      check(run(() -> (int) heuristic.invokeExact(
          handle, made.product, made.a, made.b, made.d, made.d, chosen, 1, result, answer)), "choosing an algorithm");
      int status = answer.get(JAVA_INT, 0) < 1 ? 15 : result.get(JAVA_INT, ALGORITHM_BYTES + 8);
      check(status, "choosing an algorithm");
      made.workspace = result.get(JAVA_LONG, ALGORITHM_BYTES);
      if (made.workspace < 0 || made.workspace > most) {
        throw new DeviceException("cuBLASLt asks for " + made.workspace + " bytes to work in, " + most + " were offered");
      }
      made.algorithm.copyFrom(result.asSlice(0, ALGORITHM_BYTES));
      return made;
    } catch (DeviceException e) {
      made.close();
      throw e;
    } finally {
      end(endPreference, preference);
    }
  }

  private long layout(Matrix m) {
    check(run(() -> (int) makeLayout.invokeExact(answer, m.type, m.rows, m.columns, m.stride)), "describing a matrix");
    return answer.get(JAVA_LONG, 0);
  }

  private void set(MethodHandle setter, long what, int attribute, int value) {
    answer.set(JAVA_INT, 0, value);
    check(run(() -> (int) setter.invokeExact(what, attribute, answer, 4L)), "describing a product");
  }

  @Override
  public void close() {
    end(destroy, handle);
    arena.close();
  }
}
