package io.swiftjvm.backend.cpu;

import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.KernelTypes;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.error.MemoryException;
import io.swiftjvm.tensor.DType;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The binding of {@code src/main/c}: one handle for each function there. Enums cross as their ordinals, which the C
 * enums repeat; pointers cross as segments, so that memory cannot go away during a call.
 */
final class NativeKernels implements Kernels {
  private static final String[] LEVELS = {"baseline vectors", "AVX2", "AVX-512", "AVX-512 and AMX"};

  private final String description;

  private NativeKernels(String description) {
    this.description = description;
  }

  /** The native kernels, or the Java ones with the reason. */
  static Kernels load() {
    return load(LEVELS.length - 1);
  }

  /** Kernels of at most this instruction set: 0 baseline, 1 AVX2, 2 AVX-512, 3 AMX. One choice holds for the whole process. */
  static Kernels load(int limit) {
    NativeLibrary library = NativeLibrary.found();
    if (library.symbols() == null) {
      return new JavaKernels(library.reason());
    }
    try {
      int level = (int) Weights.USE.invokeExact(limit);
      return new NativeKernels("C kernels (" + LEVELS[level] + ")");
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  /**
   * What loading and rounding weights needs. A handle takes some 8 ms of processor time to make, all of them 0.4 s: each group is
   * made when it is first used, and only where there is a library.
   */
  private static final class Weights {
    static final MethodHandle USE = find("use", "ii");
    static final MethodHandle FILL = find("fill", "vafll");
    static final MethodHandle CAST = find("cast", "vaiaill");
    static final MethodHandle QUANTIZE = find("quantize", "iaillaill");

    private Weights() {}
  }

  /** Products. */
  private static final class Products {
    static final MethodHandle MATMUL = find("matmul", "iaiaiialllffllll");
    static final MethodHandle PACKED = find("packed", "lll");
    static final MethodHandle PACK = find("pack", "vallllalll");
    static final MethodHandle MATMUL_PACKED = find("matmul_packed", "iaaiialllffllll");

    private Products() {}
  }

  /** The other operations of a pass. */
  private static final class Layers {
    static final MethodHandle BINARY = find("binary", "viaaalllll");
    static final MethodHandle UNARY = find("unary", "viaall");
    static final MethodHandle SCALE = find("scale", "vafall");
    static final MethodHandle AXPY = find("axpy", "vfaall");
    static final MethodHandle REDUCE_COLUMNS = find("reduce_columns", "vialall");
    static final MethodHandle SUM_ROWS = find("sum_rows", "vallafll");
    static final MethodHandle SOFTMAX = find("softmax", "valall");
    static final MethodHandle GATHER_ROWS = find("gather_rows", "vailaall");
    static final MethodHandle RMS_NORM = find("rms_norm", "vaaiffaalll");
    static final MethodHandle ROPE = find("rope", "vallaaliiall");
    static final MethodHandle GATED = find("gated", "viaaall");
    static final MethodHandle ATTENTION = find("attention", "iaaaiallllllffilllllllaall");
    static final MethodHandle SCATTER_ROWS = find("scatter_rows", "ialaaill");
    static final MethodHandle ARGMAX = find("argmax", "valall");

    private Layers() {}
  }

  /** What only training needs. */
  private static final class Training {
    static final MethodHandle UNARY_BACKWARD = find("unary_backward", "viaaall");
    static final MethodHandle SCATTER_ADD_ROWS = find("scatter_add_rows", "vallaall");
    static final MethodHandle SUM_SQUARES = find("sum_squares", "dall");
    static final MethodHandle IS_FINITE = find("is_finite", "iall");
    static final MethodHandle DROPOUT = find("dropout", "vaflall");
    static final MethodHandle RMS_NORM_BACKWARD = find("rms_norm_backward", "vaaifaaalll");
    static final MethodHandle RMS_NORM_WEIGHTS = find("rms_norm_weights", "vaaaallll");
    static final MethodHandle GATED_BACKWARD = find("gated_backward", "viaaaaall");
    static final MethodHandle ATTENTION_BACKWARD = find("attention_backward", "iaaalllllffillllllaaaaaa");
    static final MethodHandle CROSS_ENTROPY = find("cross_entropy", "valaaall");
    static final MethodHandle ADAMW = find("adamw", "vaaaafffffffffll");

    private Training() {}
  }

  /** Recorded passes. */
  private static final class Programs {
    static final MethodHandle PROGRAM_OPEN = find("program_open", "il");
    static final MethodHandle PROGRAM_LEAD = find("program_lead", "ill");
    static final MethodHandle PROGRAM_HELP = find("program_help", "vll");

    private Programs() {}
  }

  /** The signature is a letter for the result and each parameter: void, address, int, long, float, double. */
  private static MethodHandle find(String name, String signature) {
    SymbolLookup symbols = NativeLibrary.found().symbols();
    if (symbols == null) {
      throw new IllegalStateException("there is no native library");
    }
    MemoryLayout[] parameters = new MemoryLayout[signature.length() - 1];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = layout(signature.charAt(i + 1));
    }
    FunctionDescriptor type = signature.charAt(0) == 'v'
        ? FunctionDescriptor.ofVoid(parameters)
        : FunctionDescriptor.of(layout(signature.charAt(0)), parameters);
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow("swiftk_" + name), type);
  }

  private static MemoryLayout layout(char letter) {
    return switch (letter) {
      case 'a' -> ValueLayout.ADDRESS;
      case 'i' -> ValueLayout.JAVA_INT;
      case 'l' -> ValueLayout.JAVA_LONG;
      case 'f' -> ValueLayout.JAVA_FLOAT;
      case 'd' -> ValueLayout.JAVA_DOUBLE;
      default -> throw new IllegalArgumentException("no layout for " + letter);
    };
  }

  /** A C function throws nothing; what comes is the refusal of a segment that is closed. */
  private static RuntimeException failed(Throwable t) {
    if (t instanceof RuntimeException e) {
      return e;
    }
    if (t instanceof Error e) {
      throw e;
    }
    throw new AssertionError(t);
  }

  private static void done(int code) {
    if (code != 0) {
      throw new MemoryException(0, 0, Long.MAX_VALUE, "A kernel got no scratch memory from the operating system. Work on "
          + "less at a time, or free memory.");
    }
  }

  private static int flag(boolean on) {
    return on ? 1 : 0;
  }

  private static MemorySegment orNull(@Nullable MemorySegment segment) {
    return segment == null ? MemorySegment.NULL : segment;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public void fill(MemorySegment x, float value, long from, long to) {
    try {
      Weights.FILL.invokeExact(x, value, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void cast(MemorySegment x, DType type, MemorySegment out, DType outType, long from, long to) {
    try {
      Weights.CAST.invokeExact(x, KernelTypes.code(type), out, KernelTypes.code(outType), from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public boolean quantize(
      MemorySegment x, DType type, long rows, long columns, MemorySegment out, DType outType, long from, long to) {
    try {
      return (int) Weights.QUANTIZE.invokeExact(
          x, KernelTypes.code(type), rows, columns, out, KernelTypes.code(outType), from, to) == 0;
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void matmul(
      MemorySegment a, boolean transposeA, MemorySegment b, DType bType, boolean transposeB, MemorySegment out, long m,
      long n, long k, float alpha, float beta, long m0, long m1, long n0, long n1) {
    try {
      done((int) Products.MATMUL.invokeExact(
          a, flag(transposeA), b, KernelTypes.code(bType), flag(transposeB), out, m, n, k, alpha, beta, m0, m1, n0, n1));
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public long packed(long m, long k) {
    try {
      return (long) Products.PACKED.invokeExact(m, k);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void pack(
      MemorySegment a, long m, long k, long first, long last, MemorySegment out, long from, long to, long parts) {
    try {
      Products.PACK.invokeExact(a, m, k, first, last, out, from, to, parts);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void matmulPacked(
      MemorySegment a, MemorySegment b, DType bType, boolean transposeB, MemorySegment out, long m, long n, long k,
      float alpha, float beta, long first, long last, long n0, long n1) {
    try {
      done((int) Products.MATMUL_PACKED.invokeExact(
          a, b, KernelTypes.code(bType), flag(transposeB), out, m, n, k, alpha, beta, first, last, n0, n1));
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void binary(
      Binary op, MemorySegment a, MemorySegment b, MemorySegment out, long columns, long bRow, long bColumn, long from,
      long to) {
    try {
      Layers.BINARY.invokeExact(op.ordinal(), a, b, out, columns, bRow, bColumn, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void unary(Unary op, MemorySegment x, MemorySegment out, long from, long to) {
    try {
      Layers.UNARY.invokeExact(op.ordinal(), x, out, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void unaryBackward(Unary op, MemorySegment x, MemorySegment dy, MemorySegment dx, long from, long to) {
    try {
      Training.UNARY_BACKWARD.invokeExact(op.ordinal(), x, dy, dx, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void scale(MemorySegment x, float alpha, MemorySegment out, long from, long to) {
    try {
      Layers.SCALE.invokeExact(x, alpha, out, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void axpy(float alpha, MemorySegment x, MemorySegment y, long from, long to) {
    try {
      Layers.AXPY.invokeExact(alpha, x, y, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void reduceColumns(Reduction op, MemorySegment x, long columns, MemorySegment out, long from, long to) {
    try {
      Layers.REDUCE_COLUMNS.invokeExact(op.ordinal(), x, columns, out, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void sumRows(MemorySegment x, long rows, long columns, MemorySegment out, float beta, long from, long to) {
    try {
      Layers.SUM_ROWS.invokeExact(x, rows, columns, out, beta, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void softmax(MemorySegment x, long columns, MemorySegment out, long from, long to) {
    try {
      Layers.SOFTMAX.invokeExact(x, columns, out, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void gatherRows(
      MemorySegment table, DType type, long columns, @Nullable MemorySegment ids, MemorySegment out, long from,
      long to) {
    try {
      Layers.GATHER_ROWS.invokeExact(table, KernelTypes.code(type), columns, orNull(ids), out, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void scatterAddRows(
      MemorySegment rows, long n, long columns, MemorySegment ids, MemorySegment table, long from, long to) {
    try {
      Training.SCATTER_ADD_ROWS.invokeExact(rows, n, columns, ids, table, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public boolean scatterRows(
      MemorySegment rows, long columns, MemorySegment ids, MemorySegment table, DType type, long from, long to) {
    try {
      return (int) Layers.SCATTER_ROWS.invokeExact(rows, columns, ids, table, KernelTypes.code(type), from, to) == 0;
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void argmax(MemorySegment x, long columns, MemorySegment out, long from, long to) {
    try {
      Layers.ARGMAX.invokeExact(x, columns, out, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  /** Lets helpers into the recorded pass at this address; false if it must be led alone. */
  static boolean open(long program) {
    try {
      return (int) Programs.PROGRAM_OPEN.invokeExact(program) != 0;
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  /** Does the recorded pass at this address, with helpers if more than one thread. */
  static void lead(long program, long threads) {
    try {
      done((int) Programs.PROGRAM_LEAD.invokeExact(program, threads));
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  /** Helps whoever leads the recorded pass at this address, if somebody does. */
  static void help(long program, long threads) {
    try {
      Programs.PROGRAM_HELP.invokeExact(program, threads);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public double sumSquares(MemorySegment x, long from, long to) {
    try {
      return (double) Training.SUM_SQUARES.invokeExact(x, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public boolean isFinite(MemorySegment x, long from, long to) {
    try {
      return (int) Training.IS_FINITE.invokeExact(x, from, to) != 0;
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void dropout(MemorySegment x, float p, long key, MemorySegment out, long from, long to) {
    try {
      Training.DROPOUT.invokeExact(x, p, key, out, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void rmsNorm(
      MemorySegment x, MemorySegment w, DType type, float shift, float eps, MemorySegment y,
      @Nullable MemorySegment rstd, long columns, long from, long to) {
    try {
      Layers.RMS_NORM.invokeExact(x, w, KernelTypes.code(type), shift, eps, y, orNull(rstd), columns, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void rmsNormBackward(
      MemorySegment x, MemorySegment w, DType type, float shift, MemorySegment rstd, MemorySegment dy, MemorySegment dx,
      long columns, long from, long to) {
    try {
      Training.RMS_NORM_BACKWARD.invokeExact(x, w, KernelTypes.code(type), shift, rstd, dy, dx, columns, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void rmsNormWeights(
      MemorySegment x, MemorySegment rstd, MemorySegment dy, MemorySegment dw, long rows, long columns, long from,
      long to) {
    try {
      Training.RMS_NORM_WEIGHTS.invokeExact(x, rstd, dy, dw, rows, columns, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void rope(
      MemorySegment x, long heads, long headDim, MemorySegment cos, MemorySegment sin, long half, boolean interleaved,
      boolean inverse, MemorySegment out, long from, long to) {
    try {
      Layers.ROPE.invokeExact(
          x, heads, headDim, cos, sin, half, flag(interleaved), flag(inverse), out, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void gated(Unary act, MemorySegment gate, MemorySegment up, MemorySegment out, long from, long to) {
    try {
      Layers.GATED.invokeExact(act.ordinal(), gate, up, out, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void gatedBackward(
      Unary act, MemorySegment gate, MemorySegment up, MemorySegment dout, MemorySegment dgate, MemorySegment dup,
      long from, long to) {
    try {
      Training.GATED_BACKWARD.invokeExact(act.ordinal(), gate, up, dout, dgate, dup, from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void attention(
      MemorySegment q, MemorySegment k, MemorySegment v, DType type, AttentionSpec spec, Sequence s, int head,
      int heads, MemorySegment out, @Nullable MemorySegment lse, long from, long to) {
    try {
      done((int) Layers.ATTENTION.invokeExact(
          q, k, v, KernelTypes.code(type), orNull(s.pages()), (long) s.page(), (long) spec.heads(), (long) spec.kvHeads(),
          (long) spec.headDim(), (long) spec.valueDim(), (long) spec.window(), spec.scale(), spec.softCap(), exact(spec),
          s.queries(), s.qStart(), s.qLength(), s.kStart(), s.kLength(), (long) head, (long) heads, out, orNull(lse), from,
          to));
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  private static int exact(AttentionSpec spec) {
    return flag(spec.weights() == DType.F32);
  }

  @Override
  public void attentionBackward(
      MemorySegment q, MemorySegment k, MemorySegment v, AttentionSpec spec, Sequence s, int kvHead,
      MemorySegment out, MemorySegment lse, MemorySegment dout, MemorySegment dq, MemorySegment dk, MemorySegment dv) {
    try {
      done((int) Training.ATTENTION_BACKWARD.invokeExact(
          q, k, v, (long) spec.heads(), (long) spec.kvHeads(), (long) spec.headDim(), (long) spec.valueDim(),
          (long) spec.window(), spec.scale(), spec.softCap(), exact(spec), s.queries(), s.qStart(), s.qLength(),
          s.kStart(), s.kLength(), (long) kvHead, out, lse, dout, dq, dk, dv));
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void crossEntropy(
      MemorySegment logits, long columns, MemorySegment labels, MemorySegment nll, @Nullable MemorySegment gradScale,
      long from, long to) {
    try {
      Training.CROSS_ENTROPY.invokeExact(logits, columns, labels, nll, orNull(gradScale), from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }

  @Override
  public void adamW(
      MemorySegment p, MemorySegment g, MemorySegment m, MemorySegment v, AdamStep step, long from, long to) {
    try {
      Training.ADAMW.invokeExact(
          p, g, m, v, step.beta1(), step.rest1(), step.beta2(), step.rest2(), step.decay(), step.size(), step.root(),
          step.eps(), step.gradScale(), from, to);
    } catch (Throwable t) {
      throw failed(t);
    }
  }
}
