package io.swiftjvm.backend.cpu;

import static io.swiftjvm.backend.KernelTypes.code;

import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes kernels down as commands of {@code program.c} instead of running them, with whatever must be looked at again before
 * each run: which memory they use, and which numbers in memory say where they read and write.
 */
final class ProgramWriter implements Kernels {
  /** Words of a command: kind, items, items that belong together, nanoseconds, arguments. */
  static final int WORDS = 24;
  private static final int ARGUMENTS = 4;
  /** Where a command of attention has the addresses of its sequences and blocks. */
  private static final int SEQUENCES = ARGUMENTS + 16;
  private static final int BLOCKS = ARGUMENTS + 17;

  /** In the order of the enum in {@code program.c}. */
  private enum Kind {
    FILL, COPY, COPY_COLUMNS, CAST, MATMUL, BINARY, UNARY, SCALE, AXPY, REDUCE_COLUMNS, SUM_ROWS, SOFTMAX, GATHER_ROWS,
    SCATTER_ROWS, RMS_NORM, ROPE, GATED, ATTENTION, ARGMAX
  }

  /** Something that has no command: such a pass is not made a program. */
  static final class Unwritable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unwritable(String what) {
      super(what);
    }
  }

  /** Ids that must be below a limit whenever the program runs. */
  record Ids(Tensor ids, long limit) {}

  private final Segments segments;
  private final Set<Storage> storages = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<Ids> ids = new ArrayList<>();
  private final List<MemorySegment> written = new ArrayList<>();
  private long[] words;
  private int count;
  private double nanos;
  private long align = 1;
  private @Nullable AttentionUnits units;
  private long leastKeys = Long.MAX_VALUE;

  /** For a pass of some {@code commands} over these segments, or others with as many queries in each sequence. */
  ProgramWriter(Segments segments, int commands) {
    this.segments = segments;
    this.words = new long[Math.max(1, commands) * WORDS];
  }

  /** Commands so far. */
  int count() {
    return count;
  }

  /** Memory that must be live whenever the program runs. */
  Set<Storage> storages() {
    return storages;
  }

  List<Ids> ids() {
    return ids;
  }

  /** Rows of the smallest tensor of keys, or a very large number where there is no attention. */
  long leastKeys() {
    return leastKeys;
  }

  /** Sequence, first and last query of what attention takes at a time. */
  long[] blocks() {
    return units == null ? new long[0] : units.blocks();
  }

  /** The words of all commands, for sequences and blocks at these addresses; what is behind them means nothing. */
  long[] words(long sequences, long blocks) {
    for (int i = 0; i < count * WORDS; i += WORDS) {
      if (words[i] == Kind.ATTENTION.ordinal()) {
        words[i + SEQUENCES] = sequences;
        words[i + BLOCKS] = blocks;
      }
    }
    return words;
  }

  /** The tensor's memory is used. */
  void uses(Tensor tensor) {
    storages.add(tensor.storage());
  }

  /** The ids must be below the limit. */
  void ids(Tensor tensor, long limit) {
    requireGiven(tensor);
    for (int i = 0; i < ids.size(); i++) {
      Ids known = ids.get(i);
      if (known.ids.storage() == tensor.storage() && known.ids.offset() == tensor.offset()
          && known.ids.size() == tensor.size()) {
        ids.set(i, new Ids(tensor, Math.min(limit, known.limit)));
        return;
      }
    }
    ids.add(new Ids(tensor, limit));
  }

  /** Numbers are looked at before a program begins: those that it makes itself nobody would look at. */
  private void requireGiven(Tensor numbers) {
    MemorySegment read = numbers.segment();
    for (MemorySegment made : written) {
      if (read.asOverlappingSlice(made).isPresent()) {
        throw none("reading or writing at ids that the pass itself makes");
      }
    }
  }

  /** What the next command takes one thread in all, and how many of its items belong together. */
  void next(double commandNanos, long together) {
    nanos = commandNanos;
    align = together;
  }

  /** Puts down a command that writes to {@code out}. */
  private void put(Kind kind, MemorySegment out, long n, long... arguments) {
    written.add(out);
    if ((count + 1) * WORDS > words.length) {
      words = Arrays.copyOf(words, words.length * 2);
    }
    int at = count++ * WORDS;
    words[at] = kind.ordinal();
    words[at + 1] = n;
    words[at + 2] = align;
    words[at + 3] = Double.doubleToRawLongBits(nanos);
    System.arraycopy(arguments, 0, words, at + ARGUMENTS, arguments.length);
  }

  private static long at(@Nullable MemorySegment segment) {
    return segment == null ? 0 : segment.address();
  }

  private static long bits(float value) {
    return Float.floatToRawIntBits(value);
  }

  private static long flag(boolean on) {
    return on ? 1 : 0;
  }

  private static UnsupportedOperationException none(String what) {
    throw new Unwritable(what + " cannot be done by a program");
  }

  @Override
  public String description() {
    return "commands";
  }

  @Override
  public void fill(MemorySegment x, float value, long from, long to) {
    put(Kind.FILL, x, to, at(x), bits(value));
  }

  @Override
  public void copy(MemorySegment x, MemorySegment out, long from, long to) {
    put(Kind.COPY, out, to, at(x), at(out));
  }

  @Override
  public void copyColumns(
      MemorySegment x, long xStride, long xAt, MemorySegment out, long outStride, long outAt, long bytes, long from,
      long to) {
    put(Kind.COPY_COLUMNS, out, to, at(x), xStride, xAt, at(out), outStride, outAt, bytes);
  }

  @Override
  public void cast(MemorySegment x, DType type, MemorySegment out, DType outType, long from, long to) {
    put(Kind.CAST, out, to, at(x), code(type), at(out), code(outType));
  }

  @Override
  public boolean quantize(
      MemorySegment x, DType type, long rows, long columns, MemorySegment out, DType outType, long from, long to) {
    throw none("quantize");
  }

  @Override
  public void matmul(
      MemorySegment a, boolean transposeA, MemorySegment b, DType bType, boolean transposeB, MemorySegment out, long m,
      long n, long k, float alpha, float beta, long m0, long m1, long n0, long n1) {
    // Which of the two was cut is known by the one that was told to be whole.
    boolean byRows = CpuBackend.cutsRows(m, n);
    put(Kind.MATMUL, out, byRows ? m : n, at(a), flag(transposeA), at(b), code(bType), flag(transposeB), at(out), m, n, k,
        bits(alpha), bits(beta), flag(byRows));
  }

  @Override
  public void binary(
      Binary op, MemorySegment a, MemorySegment b, MemorySegment out, long columns, long bRow, long bColumn, long from,
      long to) {
    put(Kind.BINARY, out, to, op.ordinal(), at(a), at(b), at(out), columns, bRow, bColumn);
  }

  @Override
  public void unary(Unary op, MemorySegment x, MemorySegment out, long from, long to) {
    put(Kind.UNARY, out, to, op.ordinal(), at(x), at(out));
  }

  @Override
  public void unaryBackward(Unary op, MemorySegment x, MemorySegment dy, MemorySegment dx, long from, long to) {
    throw none("unaryBackward");
  }

  @Override
  public void scale(MemorySegment x, float alpha, MemorySegment out, long from, long to) {
    put(Kind.SCALE, out, to, at(x), bits(alpha), at(out));
  }

  @Override
  public void axpy(float alpha, MemorySegment x, MemorySegment y, long from, long to) {
    put(Kind.AXPY, y, to, bits(alpha), at(x), at(y));
  }

  @Override
  public void reduceColumns(Reduction op, MemorySegment x, long columns, MemorySegment out, long from, long to) {
    put(Kind.REDUCE_COLUMNS, out, to, op.ordinal(), at(x), columns, at(out));
  }

  @Override
  public void sumRows(MemorySegment x, long rows, long columns, MemorySegment out, float beta, long from, long to) {
    put(Kind.SUM_ROWS, out, to, at(x), rows, columns, at(out), bits(beta));
  }

  @Override
  public void softmax(MemorySegment x, long columns, MemorySegment out, long from, long to) {
    put(Kind.SOFTMAX, out, to, at(x), columns, at(out));
  }

  @Override
  public void gatherRows(
      MemorySegment table, DType type, long columns, @Nullable MemorySegment chosen, MemorySegment out, long from,
      long to) {
    put(Kind.GATHER_ROWS, out, to, at(table), code(type), columns, at(chosen), at(out));
  }

  @Override
  public boolean scatterRows(
      MemorySegment rows, long columns, MemorySegment chosen, MemorySegment table, DType type, long from, long to) {
    put(Kind.SCATTER_ROWS, table, to, at(rows), columns, at(chosen), at(table), code(type));
    return true;
  }

  @Override
  public void scatterAddRows(
      MemorySegment rows, long n, long columns, MemorySegment chosen, MemorySegment table, long from, long to) {
    throw none("scatterAddRows");
  }

  @Override
  public void argmax(MemorySegment x, long columns, MemorySegment out, long from, long to) {
    put(Kind.ARGMAX, out, to, at(x), columns, at(out));
  }

  @Override
  public double sumSquares(MemorySegment x, long from, long to) {
    throw none("sumSquares");
  }

  @Override
  public boolean isFinite(MemorySegment x, long from, long to) {
    throw none("isFinite");
  }

  @Override
  public void dropout(MemorySegment x, float p, long key, MemorySegment out, long from, long to) {
    throw none("dropout");
  }

  @Override
  public void rmsNorm(
      MemorySegment x, MemorySegment w, DType type, float shift, float eps, MemorySegment y,
      @Nullable MemorySegment rstd, long columns, long from, long to) {
    put(Kind.RMS_NORM, y, to, at(x), at(w), code(type), bits(shift), bits(eps), at(y), at(rstd), columns);
  }

  @Override
  public void rmsNormBackward(
      MemorySegment x, MemorySegment w, DType type, float shift, MemorySegment rstd, MemorySegment dy, MemorySegment dx,
      long columns, long from, long to) {
    throw none("rmsNormBackward");
  }

  @Override
  public void rmsNormWeights(
      MemorySegment x, MemorySegment rstd, MemorySegment dy, MemorySegment dw, long rows, long columns, long from,
      long to) {
    throw none("rmsNormBackward");
  }

  @Override
  public void rope(
      MemorySegment x, long heads, long headDim, MemorySegment cos, MemorySegment sin, long half, boolean interleaved,
      boolean inverse, MemorySegment out, long from, long to) {
    put(Kind.ROPE, out, to, at(x), heads, headDim, at(cos), at(sin), half, flag(interleaved), flag(inverse), at(out));
  }

  @Override
  public void gated(Unary act, MemorySegment gate, MemorySegment up, MemorySegment out, long from, long to) {
    put(Kind.GATED, out, to, act.ordinal(), at(gate), at(up), at(out));
  }

  @Override
  public void gatedBackward(
      Unary act, MemorySegment gate, MemorySegment up, MemorySegment dout, MemorySegment dgate, MemorySegment dup,
      long from, long to) {
    throw none("gatedBackward");
  }

  /** All sequences of the program's segments at once; {@code pairNanos} are those of a query and a key over all heads. */
  @SuppressWarnings("ReferenceEquality") // the segments of this very pass are meant
  void attention(
      MemorySegment q, MemorySegment k, MemorySegment v, long keys, DType type, AttentionSpec spec, Segments of,
      AttentionUnits cut, long queries, MemorySegment out, @Nullable MemorySegment lse, double pairNanos) {
    if (of != segments) {
      throw none("attention over segments of its own");
    }
    Segments.Pages pages = of.pages();
    if (pages != null) {
      requireGiven(pages.table());
    }
    units = cut;
    leastKeys = Math.min(leastKeys, keys);
    next(pairNanos, 1);
    put(Kind.ATTENTION, out, cut.count(), at(q), at(k), at(v), code(type), spec.heads(), spec.kvHeads(), spec.headDim(),
        spec.valueDim(), spec.window(), bits(spec.scale()), bits(spec.softCap()), queries, cut.each(), at(out), at(lse),
        spec.weights() == DType.F32 ? 1 : 0);
  }

  @Override
  public void attention(
      MemorySegment q, MemorySegment k, MemorySegment v, DType type, AttentionSpec spec, Sequence sequence, int head,
      int heads, MemorySegment out, @Nullable MemorySegment lse, long from, long to) {
    throw none("attention of one sequence");
  }

  @Override
  public void attentionBackward(
      MemorySegment q, MemorySegment k, MemorySegment v, AttentionSpec spec, Sequence sequence, int kvHead,
      MemorySegment out, MemorySegment lse, MemorySegment dout, MemorySegment dq, MemorySegment dk, MemorySegment dv) {
    throw none("attentionBackward");
  }

  @Override
  public void crossEntropy(
      MemorySegment logits, long columns, MemorySegment labels, MemorySegment nll, @Nullable MemorySegment gradScale,
      long from, long to) {
    throw none("crossEntropy");
  }

  @Override
  public void adamW(MemorySegment p, MemorySegment g, MemorySegment m, MemorySegment v, AdamStep step, long from, long to) {
    throw none("adamW");
  }
}
