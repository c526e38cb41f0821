package io.swiftjvm.backend.cpu;

import static io.swiftjvm.backend.Shapes.require;
import static io.swiftjvm.backend.Shapes.sameSize;

import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Capabilities;
import io.swiftjvm.backend.Device;
import io.swiftjvm.backend.Fallbacks;
import io.swiftjvm.backend.FusedOp;
import io.swiftjvm.backend.KernelTypes;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.backend.Replay;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Shapes;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.hub.Environment;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The host processor. Kernels are C ({@link NativeKernels}) where the library loads and Java elsewhere. Work of
 * more than some microseconds is shared with helper threads, always by output rows or columns, so that results do not
 * depend on their number. One instance may be used by several threads; scopes and tensors belong to one thread at
 * a time.
 */
public final class CpuBackend implements Backend {
  private static final double ELEMENT = 0.15;
  private static final double FLOP = 0.01;
  /** The same for products of bytes. */
  private static final double CODE = 0.0035;
  private static final double BYTE = 0.035;
  private static final int SUM_BLOCK = 1 << 16;
  /** Parts of a large product for each thread: the last ones end at about the same time. */
  private static final int SHARES = 8;

  private final int threads;
  private final Kernels kernels;
  private final @Nullable Accelerate accelerate;
  private final CpuPool memory = new CpuPool();
  private final KernelPool pool = KernelPool.shared();
  private final RowBuffer rowBuffer = new RowBuffer();
  private final Fallbacks fallbacks = new Fallbacks("cpu");
  /** Where operations go that are taken down and not done; they are the {@link #kernels} then. */
  private final @Nullable ProgramWriter writer;
  private volatile @Nullable AttentionUnits lastUnits;

  /** All processors, or as many threads as {@code SWIFT_THREADS} says. */
  public CpuBackend() {
    this(Environment.system().threads().orElse(Runtime.getRuntime().availableProcessors()));
  }

  /**
   * At most this many threads; more than there are processors are not used.
   *
   * @param threads 1 or more
   */
  public CpuBackend(int threads) {
    this(Math.min(threads, Runtime.getRuntime().availableProcessors()), NativeKernels.load(), Accelerate.found());
  }

  CpuBackend(int threads, Kernels kernels) {
    this(threads, kernels, null);
  }

  CpuBackend(int threads, Kernels kernels, @Nullable Accelerate accelerate) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be >= 1, got " + threads);
    }
    this.threads = threads;
    this.kernels = kernels;
    this.accelerate = accelerate;
    this.writer = null;
  }

  /** One that does nothing, but checks operations and has them written down. */
  CpuBackend(ProgramWriter writer) {
    this.threads = 1;
    this.kernels = writer;
    this.accelerate = null;
    this.writer = writer;
  }

  /** Portable kernels only, to compare with or to rule the native ones out. */
  public static CpuBackend portable(int threads) {
    return new CpuBackend(Math.min(threads, Runtime.getRuntime().availableProcessors()), new JavaKernels("asked for"));
  }

  @Override
  public Device device() {
    return Device.CPU;
  }

  @Override
  public String description() {
    return "cpu, " + threads + (threads == 1 ? " thread, " : " threads, ") + kernels.description()
        + (accelerate == null ? "" : ", products by Accelerate (untested)");
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(EnumSet.allOf(FusedOp.class), Arrays.stream(DType.values())
        .filter(KernelTypes::weights).collect(Collectors.toSet()));
  }

  @Override
  public Fallbacks fallbacks() {
    return fallbacks;
  }

  /** Threads that a kernel may use. */
  public int threads() {
    return threads;
  }

  /** Bytes in live tensors. */
  public long bytesInUse() {
    return memory.statistics().used();
  }

  /** The bytes that a tensor of {@code bytes} takes of the pool: blocks come in classes, eight to a doubling. */
  public static long blockBytes(long bytes) {
    return CpuPool.sizeClass(bytes);
  }

  /** The most bytes that live tensors have had. */
  public long peakBytes() {
    return memory.statistics().peak();
  }

  /** Bytes taken from the operating system. */
  public long reservedBytes() {
    return memory.statistics().reserved();
  }

  /**
   * Sets the most bytes that live tensors may have; what asks for more gets a
   * {@link io.swiftjvm.error.MemoryException}, and nothing that is there is harmed. Default: no limit.
   */
  public CpuBackend limit(long bytes) {
    memory.limit(bytes);
    return this;
  }

  /** Gives memory that is kept for later tensors back to the operating system. */
  public void trim() {
    memory.trim();
  }

  @Override
  public Replay replay(List<Replay.Operation> operations) {
    return accelerate == null && kernels instanceof NativeKernels
        ? new CpuReplay(this, memory, pool, threads, operations)
        : Backend.super.replay(operations);
  }

  @Override
  public Storage allocate(long bytes) {
    if (writer != null) {
      throw new ProgramWriter.Unwritable("memory on the way");
    }
    return memory.allocate(bytes);
  }

  @Override
  public void close() {
    memory.close();
  }

  private MemorySegment seen(Tensor tensor, MemorySegment segment) {
    if (writer != null) {
      writer.uses(tensor);
    }
    return segment;
  }

  private MemorySegment memory(Tensor t) {
    return seen(t, Checks.memory(t));
  }

  private MemorySegment floats(Tensor t) {
    return seen(t, Checks.floats(t));
  }

  private MemorySegment plain(Tensor t) {
    return seen(t, Checks.plain(t));
  }

  private MemorySegment target(Tensor t) {
    return seen(t, Checks.target(t));
  }

  private MemorySegment weights(Tensor t) {
    return seen(t, Checks.weights(t));
  }

  private MemorySegment ids(Tensor t, long limit, boolean negativeAllowed) {
    Checks.ids(t, limit, negativeAllowed);
    if (writer != null) {
      writer.ids(t, limit);
    }
    return memory(t);
  }

  private void run(long n, double nanosEach, long align, KernelPool.Range body) {
    if (alone(n * nanosEach)) {
      body.run(0, n);
      return;
    }
    share(n, nanosEach, 4, align, body);
  }

  private void share(long n, double nanosEach, int partsEach, long align, KernelPool.Range body) {
    if (writer != null) {
      writer.next(n * nanosEach, align);
      body.run(0, n);
      return;
    }
    long chunk = Math.max(1, Math.ceilDiv(Math.ceilDiv(n, (long) threads * partsEach), align)) * align;
    pool.run(threads, n, chunk, body);
  }

  /** True for what is too small to be shared: such kernels are called without an object for their parts. */
  private boolean alone(double nanos) {
    return writer == null && (threads == 1 || !pool.pays(nanos));
  }

  private void elements(long n, double nanosEach, KernelPool.Range body) {
    run(n, nanosEach, 1024, body);
  }

  private void rows(long rows, long columns, double nanosEach, KernelPool.Range body) {
    run(rows, columns * nanosEach, 1, body);
  }

  @Override
  public void upload(MemorySegment source, Tensor target) {
    fits(source, target);
    target.segment().copyFrom(source);
  }

  @Override
  public void download(Tensor source, MemorySegment target) {
    fits(target, source);
    target.copyFrom(source.segment());
  }

  private static void fits(MemorySegment host, Tensor tensor) {
    if (host.byteSize() != tensor.bytes()) {
      throw new IllegalArgumentException(host.byteSize() + " bytes of the host and " + tensor + ": the shapes do not fit");
    }
  }

  @Override
  public void copy(Tensor source, Tensor target) {
    require(source.dtype() == target.dtype() && source.size() == target.size(), "copy of %s to %s", source, target);
    MemorySegment from = memory(source);
    MemorySegment to = memory(target);
    run(source.bytes(), ELEMENT / 4, 4096, (a, b) -> kernels.copy(from, to, a, b));
  }

  @Override
  public void fill(Tensor target, float value) {
    MemorySegment x = floats(target);
    elements(target.size(), ELEMENT, (a, b) -> kernels.fill(x, value, a, b));
  }

  @Override
  public void cast(Tensor source, Tensor target) {
    sameSize(source, target);
    MemorySegment x = source.dtype().isFloat8() ? memory(source) : weights(source);
    MemorySegment y = target(target);
    long columns = source.columns();
    if (source.dtype().tileRows() > 1) {
      require(target.dtype() == DType.F32, "cast of %s to %s, tiles are widened to float32", source, target);
      rows(source.rows(), columns, ELEMENT,
          (a, b) -> kernels.gatherRows(x, source.dtype(), columns, null, y, a, b));
      return;
    }
    elements(source.size(), ELEMENT, (a, b) -> kernels.cast(x, source.dtype(), y, target.dtype(), a, b));
  }

  @Override
  public void quantize(Tensor source, Tensor target) {
    sameSize(source, target);
    DType type = target.dtype();
    require(type.isQuantised() && source.dtype().isFloat(), "quantisation of %s to %s", source, target);
    MemorySegment x = plain(source);
    MemorySegment y = weights(target);
    long rows = source.rows();
    long columns = source.columns();
    boolean tiled = type.tileRows() > 1;
    require(!tiled || target.columns() == columns, "quantisation of %s to %s", source, target);
    long blocks = tiled ? Math.ceilDiv(rows, type.tileRows()) * Math.ceilDiv(columns, (long) type.block())
        : source.size() / type.block();
    AtomicBoolean numbers = new AtomicBoolean(true);
    run(blocks, 4.0 * type.block() * type.tileRows(), 64, (a, b) -> {
      if (!kernels.quantize(x, source.dtype(), rows, columns, y, type, a, b)) {
        numbers.set(false);
      }
    });
    if (!numbers.get()) {
      throw new ArithmeticException("cannot quantise " + source + ": a weight is NaN or infinite");
    }
  }

  @Override
  public void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out, float alpha, float beta) {
    Shapes.Product sizes = Shapes.product(a, transposeA, b, transposeB, out);
    long m = sizes.m();
    long n = sizes.n();
    long k = sizes.k();
    MemorySegment pa = floats(a);
    MemorySegment pb = weights(b);
    MemorySegment po = floats(out);
    if (m == 0 || n == 0) {
      return;
    }
    if (accelerate != null && Accelerate.takes(m, n, k)) {
      try (Scope scope = new Scope(this)) {
        Tensor wide = b;
        if (b.dtype() != DType.F32) {
          wide = scope.floats(b.shape());
          cast(b, wide);
        }
        accelerate.matmul(pa, transposeA, floats(wide), transposeB, po, m, n, k, alpha, beta);
      }
      return;
    }
    // Few rows wait for memory, not for arithmetic.
    double nanos = Math.max((b.dtype().isQuantised() ? CODE : FLOP) * 2 * k, BYTE * b.bytes() / n / m);
    int tile = Kernels.TILE;
    if (alone(nanos * m * n)) {
      kernels.matmul(pa, transposeA, pb, b.dtype(), transposeB, po, m, n, k, alpha, beta, 0, m, 0, n);
      return;
    }
    // Tiles of rows by w^T have kernels of their own.
    boolean packs = !transposeA && m >= tile && n >= 2L * tile && !cutsRows(m, n) && (b.dtype().tileRows() == 1 || !transposeB);
    long slice = Math.min(k, RowBuffer.columns(m));
    long room = packs ? kernels.packed(m, slice) : 0;
    if (room > 0) {
      int pieces = 4 * threads;
      MemorySegment rows = rowBuffer.take(room);
      for (long at = 0; at < k; at += slice) {
        long first = at;
        long last = Math.min(k, at + slice);
        share(pieces, ELEMENT * m * (last - first) / pieces, 4, 1, (from, to) -> kernels.pack(
            pa, m, k, first, last, rows, from, to, pieces));
        share(n, nanos * m * (last - first) / k, SHARES, tile, (from, to) -> kernels.matmulPacked(
            rows, pb, b.dtype(), transposeB, po, m, n, k, alpha, beta, first, last, from, to));
      }
      rowBuffer.give(rows);
      return;
    }
    // Each part lays out its operands anew, which costs as much as some of the rows of a large product.
    int parts = m >= 4L * tile ? 2 : 4;
    // Rows are rounded to bytes by each part, weights unpacked: of many rows the first takes longer.
    boolean bytes = b.dtype().tileRows() > 1 && transposeB && !transposeA && writer == null && m >= 256L * threads;
    if (bytes || cutsRows(m, n)) {
      share(m, nanos * n, parts, bytes ? Kernels.BYTE_TILE : tile, (from, to) -> kernels.matmul(
          pa, transposeA, pb, b.dtype(), transposeB, po, m, n, k, alpha, beta, from, to, 0, n));
    } else {
      share(n, nanos * m, parts, tile, (from, to) -> kernels.matmul(
          pa, transposeA, pb, b.dtype(), transposeB, po, m, n, k, alpha, beta, 0, m, from, to));
    }
  }

  /** True if a product is shared by its rows. */
  static boolean cutsRows(long m, long n) {
    return m > n * 2 && m >= 4L * Kernels.TILE;
  }

  @Override
  public void binary(Binary op, Tensor a, Tensor b, Tensor out) {
    sameSize(a, out);
    long columns = a.columns();
    long rows = a.rows();
    MemorySegment pa = floats(a);
    MemorySegment pb = floats(b);
    MemorySegment po = floats(out);
    if (a.size() == 0) {
      return;
    }
    Shapes.Second second = Shapes.Second.of(op, a, b, out);
    if (second == Shapes.Second.SAME && alone(a.size() * ELEMENT)) {
      kernels.binary(op, pa, pb, po, 1, 1, 0, 0, a.size());
      return;
    }
    switch (second) {
      case SAME -> elements(a.size(), ELEMENT, (from, to) -> kernels.binary(op, pa, pb, po, 1, 1, 0, from, to));
      case ONE -> elements(a.size(), ELEMENT, (from, to) -> kernels.binary(op, pa, pb, po, 1, 0, 0, from, to));
      case ROW -> rows(rows, columns, ELEMENT,
          (from, to) -> kernels.binary(op, pa, pb, po, columns, 0, 1, from, to));
      case COLUMN -> rows(rows, columns, ELEMENT,
          (from, to) -> kernels.binary(op, pa, pb, po, columns, 1, 0, from, to));
    }
  }

  @Override
  public void unary(Unary op, Tensor x, Tensor out) {
    sameSize(x, out);
    MemorySegment px = floats(x);
    MemorySegment po = floats(out);
    elements(x.size(), 1, (from, to) -> kernels.unary(op, px, po, from, to));
  }

  @Override
  public void unaryBackward(Unary op, Tensor x, Tensor dy, Tensor dx) {
    Shapes.activation(op);
    sameSize(x, dy);
    sameSize(x, dx);
    MemorySegment px = floats(x);
    MemorySegment pdy = floats(dy);
    MemorySegment pdx = floats(dx);
    elements(x.size(), 1, (from, to) -> kernels.unaryBackward(op, px, pdy, pdx, from, to));
  }

  @Override
  public void scale(Tensor x, float alpha, Tensor out) {
    sameSize(x, out);
    MemorySegment px = floats(x);
    MemorySegment po = floats(out);
    elements(x.size(), ELEMENT, (from, to) -> kernels.scale(px, alpha, po, from, to));
  }

  @Override
  public void axpy(float alpha, Tensor x, Tensor y) {
    sameSize(x, y);
    MemorySegment px = floats(x);
    MemorySegment py = floats(y);
    elements(x.size(), ELEMENT, (from, to) -> kernels.axpy(alpha, px, py, from, to));
  }

  @Override
  public void reduceColumns(Reduction op, Tensor x, Tensor out) {
    require(out.size() == x.rows(), "%s of the columns of %s into %s", op, x, out);
    MemorySegment px = floats(x);
    MemorySegment po = floats(out);
    long columns = x.columns();
    rows(x.rows(), columns, ELEMENT, (from, to) -> kernels.reduceColumns(op, px, columns, po, from, to));
  }

  @Override
  public void sumRows(Tensor x, Tensor out, float beta) {
    require(out.size() == x.columns(), "sum of the rows of %s into %s", x, out);
    MemorySegment px = floats(x);
    MemorySegment po = floats(out);
    long rows = x.rows();
    long columns = x.columns();
    run(columns, rows * ELEMENT, 64, (from, to) -> kernels.sumRows(px, rows, columns, po, beta, from, to));
  }

  @Override
  public void softmax(Tensor x, Tensor out) {
    sameSize(x, out);
    MemorySegment px = floats(x);
    MemorySegment po = floats(out);
    long columns = x.columns();
    rows(x.rows(), columns, 1, (from, to) -> kernels.softmax(px, columns, po, from, to));
  }

  @Override
  public void gatherRows(Tensor table, Tensor ids, Tensor out) {
    require(table.rank() == 2 && table.columns() == out.columns() && ids.size() == out.rows(),
        "gather of %s at ids %s into %s", table, ids, out);
    MemorySegment pi = ids(ids, table.dim(0), false);
    MemorySegment pt = weights(table);
    MemorySegment po = floats(out);
    long columns = table.columns();
    if (alone(out.size() * ELEMENT)) {
      kernels.gatherRows(pt, table.dtype(), columns, pi, po, 0, ids.size());
      return;
    }
    rows(ids.size(), columns, ELEMENT,
        (from, to) -> kernels.gatherRows(pt, table.dtype(), columns, pi, po, from, to));
  }

  @Override
  public void scatterRows(Tensor rows, Tensor ids, Tensor table) {
    Shapes.scatter(rows, ids, table);
    MemorySegment pi = ids(ids, table.dim(0), false);
    MemorySegment pr = floats(rows);
    MemorySegment pt = memory(table);
    DType type = table.dtype();
    long columns = table.columns();
    if (alone(rows.size() * ELEMENT)) {
      allNumbers(kernels.scatterRows(pr, columns, pi, pt, type, 0, ids.size()), rows);
      return;
    }
    AtomicBoolean numbers = new AtomicBoolean(true);
    rows(ids.size(), columns, ELEMENT, (from, to) -> {
      if (!kernels.scatterRows(pr, columns, pi, pt, type, from, to)) {
        numbers.set(false);
      }
    });
    allNumbers(numbers.get(), rows);
  }

  private static void allNumbers(boolean numbers, Tensor x) {
    if (!numbers) {
      throw new ArithmeticException("cannot quantise " + x + ": a value is NaN or infinite");
    }
  }

  @Override
  public void scatterAddRows(Tensor rows, Tensor ids, Tensor table) {
    require(table.rank() == 2 && table.columns() == rows.columns() && ids.size() == rows.rows(),
        "scatter of %s at ids %s into %s", rows, ids, table);
    MemorySegment pi = ids(ids, table.dim(0), true);
    MemorySegment pr = floats(rows);
    MemorySegment pt = floats(table);
    long n = ids.size();
    long columns = table.columns();
    run(columns, n * ELEMENT, 64, (from, to) -> kernels.scatterAddRows(pr, n, columns, pi, pt, from, to));
  }

  @Override
  public void sliceColumns(Tensor x, long from, Tensor out) {
    long columns = x.columns();
    long wanted = out.columns();
    require(from >= 0 && from + wanted <= columns && out.rows() == x.rows(),
        "columns from %s of %s into %s", from, x, out);
    MemorySegment px = floats(x);
    MemorySegment po = floats(out);
    rows(x.rows(), wanted, ELEMENT, (a, b) -> kernels.copyColumns(
        px, columns * Float.BYTES, from * Float.BYTES, po, wanted * Float.BYTES, 0, wanted * Float.BYTES, a, b));
  }

  @Override
  public void pasteColumns(Tensor x, Tensor out, long to) {
    long bytes = x.columns() * Float.BYTES;
    require(to >= 0 && to + x.columns() <= out.columns() && out.rows() == x.rows(),
        "%s into columns from %s of %s", x, to, out);
    MemorySegment px = floats(x);
    MemorySegment po = floats(out);
    long stride = out.columns() * Float.BYTES;
    rows(x.rows(), x.columns(), ELEMENT,
        (a, b) -> kernels.copyColumns(px, bytes, 0, po, stride, to * Float.BYTES, bytes, a, b));
  }

  @Override
  public double sumSquares(Tensor x) {
    MemorySegment px = floats(x);
    long n = x.size();
    int blocks = Math.toIntExact(Math.ceilDiv(n, SUM_BLOCK));
    double[] partial = new double[blocks];
    run(blocks, SUM_BLOCK * ELEMENT, 1, (from, to) -> {
      for (long i = from; i < to; i++) {
        partial[(int) i] = kernels.sumSquares(px, i * SUM_BLOCK, Math.min(n, (i + 1) * SUM_BLOCK));
      }
    });
    return Arrays.stream(partial).sum();
  }

  @Override
  public boolean isFinite(Tensor x) {
    return kernels.isFinite(floats(x), 0, x.size());
  }

  @Override
  public void dropout(Tensor x, float p, long key, Tensor out) {
    require(p >= 0 && p < 1, "dropout probability must be in [0, 1), got %s for %s", p, x);
    sameSize(x, out);
    MemorySegment px = floats(x);
    MemorySegment po = floats(out);
    elements(x.size(), 1, (from, to) -> kernels.dropout(px, p, key, po, from, to));
  }

  @Override
  public void rmsNorm(Tensor x, Tensor w, float shift, float eps, Tensor y, @Nullable Tensor rstd) {
    sameSize(x, y);
    long columns = x.columns();
    require(w.size() == columns && (rstd == null || rstd.size() == x.rows()), "rmsNorm of %s by %s, rstd %s", x, w,
        rstd);
    MemorySegment px = floats(x);
    MemorySegment pw = weights(w);
    MemorySegment py = floats(y);
    MemorySegment pr = rstd == null ? null : floats(rstd);
    if (alone(x.size() * ELEMENT * 2)) {
      kernels.rmsNorm(px, pw, w.dtype(), shift, eps, py, pr, columns, 0, x.rows());
      return;
    }
    rows(x.rows(), columns, ELEMENT * 2,
        (from, to) -> kernels.rmsNorm(px, pw, w.dtype(), shift, eps, py, pr, columns, from, to));
  }

  @Override
  public void rmsNormBackward(
      Tensor x, Tensor w, float shift, Tensor rstd, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dw) {
    sameSize(x, dy);
    long columns = x.columns();
    long rows = x.rows();
    require(w.size() == columns && rstd.size() == rows, "rmsNormBackward of %s by %s, rstd %s", x, w, rstd);
    MemorySegment px = floats(x);
    MemorySegment pw = weights(w);
    MemorySegment pr = floats(rstd);
    MemorySegment pdy = floats(dy);
    if (dw != null) {
      sameSize(w, dw);
      MemorySegment pdw = floats(dw);
      run(columns, rows * ELEMENT * 2, 64,
          (from, to) -> kernels.rmsNormWeights(px, pr, pdy, pdw, rows, columns, from, to));
    }
    if (dx != null) {
      sameSize(x, dx);
      MemorySegment pdx = floats(dx);
      rows(rows, columns, ELEMENT * 3,
          (from, to) -> kernels.rmsNormBackward(px, pw, w.dtype(), shift, pr, pdy, pdx, columns, from, to));
    }
  }

  @Override
  public void rope(Tensor x, Tensor cos, Tensor sin, boolean interleaved, boolean inverse, Tensor out) {
    sameSize(x, out);
    sameSize(cos, sin);
    long half = cos.columns();
    require(x.rank() == 3 && cos.rows() == x.dim(0) && 2 * half <= x.dim(2), "rope of %s by cos %s", x, cos);
    long heads = x.dim(1);
    long headDim = x.dim(2);
    MemorySegment px = floats(x);
    MemorySegment pc = floats(cos);
    MemorySegment ps = floats(sin);
    MemorySegment po = floats(out);
    if (alone(x.size() * ELEMENT * 2)) {
      kernels.rope(px, heads, headDim, pc, ps, half, interleaved, inverse, po, 0, x.dim(0));
      return;
    }
    rows(x.dim(0), heads * headDim, ELEMENT * 2,
        (from, to) -> kernels.rope(px, heads, headDim, pc, ps, half, interleaved, inverse, po, from, to));
  }

  @Override
  public void gated(Unary act, Tensor gate, Tensor up, Tensor out) {
    Shapes.activation(act);
    sameSize(gate, up);
    sameSize(gate, out);
    MemorySegment pg = floats(gate);
    MemorySegment pu = floats(up);
    MemorySegment po = floats(out);
    if (alone(gate.size())) {
      kernels.gated(act, pg, pu, po, 0, gate.size());
      return;
    }
    elements(gate.size(), 1, (from, to) -> kernels.gated(act, pg, pu, po, from, to));
  }

  @Override
  public void gatedBackward(Unary act, Tensor gate, Tensor up, Tensor dout, Tensor dgate, Tensor dup) {
    Shapes.activation(act);
    sameSize(gate, up);
    sameSize(gate, dout);
    sameSize(gate, dgate);
    sameSize(gate, dup);
    MemorySegment pg = floats(gate);
    MemorySegment pu = floats(up);
    MemorySegment pd = floats(dout);
    MemorySegment pdg = floats(dgate);
    MemorySegment pdu = floats(dup);
    elements(gate.size(), 1, (from, to) -> kernels.gatedBackward(act, pg, pu, pd, pdg, pdu, from, to));
  }

  @Override
  public void attention(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, @Nullable Tensor lse) {
    Checks.attention(q, k, v, spec, segments, out, lse);
    MemorySegment pq = floats(q);
    MemorySegment pk = memory(k);
    MemorySegment pv = memory(v);
    MemorySegment po = floats(out);
    MemorySegment pl = lse == null ? null : floats(lse);
    // Units are (block of queries, head); the later blocks of a sequence see more keys and go first.
    AttentionUnits units = forwardUnits(spec, segments, q.dim(0));
    if (!units.coversAll()) {
      fill(out, 0);
    }
    if (writer != null) {
      writer.attention(pq, pk, pv, k.dim(0), k.dtype(), spec, segments, units, q.dim(0), po, pl, pairNanos(spec) * spec.heads());
      return;
    }
    units(units, spec, 1, (sequence, head, heads, from, to) -> kernels.attention(
        pq, pk, pv, k.dtype(), spec, sequence, head, heads, po, pl, from, to));
  }

  /** Layers that look at the same segments follow each other. */
  private AttentionUnits forwardUnits(AttentionSpec spec, Segments segments, long queries) {
    AttentionUnits units = lastUnits;
    if (units == null || !units.isOf(spec, segments, queries)) {
      units = AttentionUnits.forward(spec, segments, queries, threads);
      lastUnits = units;
    }
    return units;
  }

  @Override
  public void attentionBackward(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, Tensor lse, Tensor dout,
      Tensor dq, Tensor dk, Tensor dv) {
    Checks.attention(q, k, v, spec, segments, out, lse);
    require(segments.pages() == null, "attentionBackward of paged keys %s", k);
    sameSize(out, dout);
    sameSize(q, dq);
    sameSize(k, dk);
    sameSize(v, dv);
    MemorySegment pq = floats(q);
    MemorySegment pk = floats(k);
    MemorySegment pv = floats(v);
    MemorySegment po = floats(out);
    MemorySegment pl = floats(lse);
    MemorySegment pd = floats(dout);
    MemorySegment pdq = floats(dq);
    MemorySegment pdk = floats(dk);
    MemorySegment pdv = floats(dv);
    fill(dq, 0);
    fill(dk, 0);
    fill(dv, 0);
    AttentionUnits units = AttentionUnits.backward(spec, segments, q.dim(0));
    units(units, spec, 2.5 * spec.heads() / spec.kvHeads(), (sequence, head, heads, from, to) -> kernels.attentionBackward(
        pq, pk, pv, spec, sequence, head, po, pl, pd, pdq, pdk, pdv));
  }

  private static double pairNanos(AttentionSpec spec) {
    return FLOP * 2 * (spec.headDim() + spec.valueDim());
  }

  private void units(AttentionUnits units, AttentionSpec spec, double factor, AttentionUnits.Body body) {
    double nanos = pairNanos(spec) * factor * units.pairs();
    long n = units.count();
    if (alone(nanos)) {
      units.run(0, n, body);
    } else {
      pool.run(threads, n, 1, (from, to) -> units.run(from, to, body));
    }
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor labels, Tensor nll, @Nullable Tensor gradScale) {
    long n = labels.size();
    long columns = logits.columns();
    require(logits.rows() == n && nll.size() == n && (gradScale == null || gradScale.size() == n),
        "crossEntropy of logits %s, labels %s, nll %s, gradScale %s", logits, labels, nll, gradScale);
    MemorySegment pi = ids(labels, columns, true);
    MemorySegment pl = floats(logits);
    MemorySegment pn = floats(nll);
    MemorySegment pg = gradScale == null ? null : floats(gradScale);
    rows(n, columns, 1, (from, to) -> kernels.crossEntropy(pl, columns, pi, pn, pg, from, to));
  }

  @Override
  public void adamW(Tensor p, Tensor g, Tensor m, Tensor v, AdamStep step) {
    sameSize(p, g);
    sameSize(p, m);
    sameSize(p, v);
    Objects.requireNonNull(step);
    MemorySegment pp = floats(p);
    MemorySegment pg = floats(g);
    MemorySegment pm = floats(m);
    MemorySegment pv = floats(v);
    elements(p.size(), 0.5, (from, to) -> kernels.adamW(pp, pg, pm, pv, step, from, to));
  }

  @Override
  public void argmax(Tensor x, Tensor out) {
    Shapes.argmax(x, out);
    long columns = x.columns();
    MemorySegment px = floats(x);
    MemorySegment po = memory(out);
    if (alone(x.size() * ELEMENT)) {
      kernels.argmax(px, columns, po, 0, x.rows());
      return;
    }
    rows(x.rows(), columns, ELEMENT, (from, to) -> kernels.argmax(px, columns, po, from, to));
  }
}
