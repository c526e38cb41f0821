package io.swiftjvm.backend.cuda;

import static io.swiftjvm.backend.Shapes.floats;
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
import io.swiftjvm.error.Closing;
import io.swiftjvm.error.DeviceException;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An NVIDIA GPU of compute capability 8.0 or later, by the driver alone. Everything is put on one stream and returns at
 * once; the host waits only where it reads. Products with bf16 weights round the other side to bf16 for the tensor
 * cores, those with fp16 or quantised weights keep at least 8 bits of it; float32 weights are computed in float32.
 * Attention beside weights of 16 bits or less rounds queries, keys and values to bf16 where it is on tensor cores; its
 * sums and its softmax are float32 everywhere.
 *
 * {@snippet :
 * try (Backend backend = Devices.open("cuda:0"); Scope scope = new Scope(backend)) {
 *   Tensor y = scope.floats(4, 8);
 *   backend.fill(y, 1);
 *   System.out.println(y.toFloats()[0]);
 * }
 * }
 *
 * <p>One instance may be used by several threads; scopes and tensors belong to one thread at a time.
 */
public final class CudaBackend implements Backend {
  /** Elements of one partial sum of squares. */
  private static final long SQUARES = 1 << 14;
  private static final int ROWS_EACH = 64;
  private static final int MOST_PARTS = 128;

  private final Session session;
  private final Transfers transfers;
  private final DeviceMemory memory;
  private final Kernels kernels;
  private final IdChecks checks;
  private final Cublas cublas;
  private final Products products;
  private final Attention attention;
  private final FlashAttention flash;
  private final Fallbacks fallbacks;
  private final AtomicBoolean closed = new AtomicBoolean();

  private CudaBackend(Driver driver, int index) {
    session = new Session(driver, index);
    try {
      fallbacks = new Fallbacks(session.device().toString());
      transfers = new Transfers(session);
      memory = new DeviceMemory(session, transfers);
      kernels = new Kernels(session, memory);
      checks = new IdChecks(session, memory, transfers);
      cublas = new Cublas(session, memory, fallbacks);
      products = new Products(this, session, kernels, memory, cublas);
      attention = new Attention(this, session, kernels, checks);
      flash = new FlashAttention(this, session, kernels, checks);
    } catch (RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  /**
   * Opens a GPU.
   *
   * @param index from 0
   * @throws DeviceException if there is no driver, no such device, or its kernels do not load
   */
  public static CudaBackend open(int index) {
    return open(DriverLibrary.find(), index);
  }

  static CudaBackend open(DriverLibrary library, int index) {
    Driver driver = library.driver();
    if (driver == null) {
      throw new DeviceException("cuda:" + index + " was asked for, but: " + library.reason() + ". " + library.cure());
    }
    if (index < 0 || index >= library.devices()) {
      throw new DeviceException("cuda:" + index + " was asked for, there are " + library.devices()
          + " devices, from cuda:0. Use one of them.");
    }
    return new CudaBackend(driver, index);
  }

  /** Computes every product and attention in float32, whatever the weights' type, to compare with other devices. Default: false. */
  public CudaBackend exact(boolean on) {
    products.exact(on);
    return this;
  }

  /** Lets products of float32 weights use tensor cores with 10 bits of both sides (TF32). Default: false. */
  public CudaBackend tf32(boolean on) {
    products.tf32(on);
    return this;
  }

  /**
   * Lets products of many rows by bf16 and float32 weights be computed by NVIDIA's cuBLASLt where the machine has it (on
   * the library path, in a CUDA toolkit, in Python's wheels, in bytedeco's jar, or in the file that the system property
   * {@code swift.cublas.path} names). Default: true. {@link #description()} says which it is.
   */
  public CudaBackend cublas(boolean on) {
    cublas.on(on);
    return this;
  }

  /** Sets the most bytes that live tensors may have; more is refused by a MemoryException. Default: no limit. */
  public CudaBackend limit(long bytes) {
    memory.limit(bytes);
    return this;
  }

  /** Bytes in live tensors. */
  public long bytesInUse() {
    return memory.used();
  }

  /** The most bytes that live tensors have had. */
  public long peakBytes() {
    return memory.peak();
  }

  /** Gives memory that is kept for later tensors back to the device. */
  public void trim() {
    memory.trim();
  }

  /** Waits until everything asked for is done, and throws what went wrong meanwhile. */
  public void synchronize() {
    session.synchronize();
    checks.look();
  }

  @Override
  public Device device() {
    return session.device();
  }

  @Override
  public String description() {
    return session.device() + ", " + session.name() + ", sm_" + session.capability() + ", " + kernels.source() + ", "
        + cublas.description();
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(
        EnumSet.allOf(FusedOp.class), Arrays.stream(DType.values()).filter(KernelTypes::weights).collect(Collectors.toSet()));
  }

  @Override
  public Fallbacks fallbacks() {
    return fallbacks;
  }

  @Override
  public Storage allocate(long bytes) {
    return memory.allocate(bytes);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Closing.all(attention::close, flash::close, cublas::close, checks::close, kernels::close, transfers::close,
          session::close);
    }
  }

  @Override
  public void upload(MemorySegment source, Tensor target) {
    require(source.byteSize() == target.bytes(), "upload of %s bytes into %s", source.byteSize(), target);
    transfers.upload(source, memory.address(target));
  }

  @Override
  public void download(Tensor source, MemorySegment target) {
    require(target.byteSize() == source.bytes(), "download of %s into %s bytes", source, target.byteSize());
    checks.download(memory.address(source), target);
  }

  @Override
  public void copy(Tensor source, Tensor target) {
    require(source.dtype() == target.dtype() && source.size() == target.size(), "copy of %s to %s", source, target);
    if (source.bytes() > 0) {
      session.enter().onDevice(memory.address(target), memory.address(source), source.bytes(), session.stream());
    }
  }

  @Override
  public void fill(Tensor target, float value) {
    kernels.start("swift_fill").of(floats(target)).of(value).elements(target.size());
  }

  @Override
  public void cast(Tensor source, Tensor target) {
    sameSize(source, target);
    require(target.dtype().isFloat() || target.dtype().isFloat8(), "cast of %s to %s, which is no float type", source, target);
    int type = KernelTypes.code(source.dtype());
    if (source.dtype().tileRows() > 1) {
      kernels.start("swift_widen_tiles").of(source).of(type).of(source.columns()).of(target)
          .of(KernelTypes.code(target.dtype())).elements(source.size());
    } else {
      kernels.start("swift_cast").of(source).of(type).of(target).of(KernelTypes.code(target.dtype()))
          .elements(source.size());
    }
  }

  @Override
  public void quantize(Tensor source, Tensor target) {
    sameSize(source, target);
    DType type = target.dtype();
    require(type.isQuantised() && source.dtype().isFloat(), "quantisation of %s to %s", source, target);
    int from = KernelTypes.code(source.dtype());
    int to = KernelTypes.code(type);
    // Keys and values of a cache are not asked: that would make the host wait in every step.
    if (type != DType.Q8_BLOCK) {
      requireNumbers(source);
    }
    if (type.tileRows() > 1) {
      long rows = source.rows();
      long columns = source.columns();
      require(target.columns() == columns, "quantisation of %s to %s", source, target);
      long tiles = Math.ceilDiv(rows, type.tileRows()) * Math.ceilDiv(columns, (long) type.block());
      kernels.start("swift_quantise_tiles").of(source).of(from).of(rows).of(columns).of(target).of(to)
          .elements(tiles * type.tileRows());
    } else {
      kernels.start(type == DType.NF4 ? "swift_quantise_nf4" : type == DType.F8_BLOCK ? "swift_quantise_f8"
          : "swift_quantise_q8").of(source).of(from).of(target)
          .elements(source.size() / type.block());
    }
  }

  private void requireNumbers(Tensor source) {
    try (Scope scope = new Scope(this)) {
      Tensor wide = source;
      if (source.dtype() != DType.F32) {
        wide = scope.floats(source.shape());
        cast(source, wide);
      }
      if (!isFinite(wide)) {
        throw new ArithmeticException("cannot quantise " + source + ": a weight is NaN or infinite");
      }
    }
  }

  @Override
  public void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out, float alpha, float beta) {
    products.matmul(a, transposeA, b, transposeB, out, alpha, beta);
  }

  @Override
  public void binary(Binary op, Tensor a, Tensor b, Tensor out) {
    if (a.size() == 0) {
      sameSize(a, out);
      return;
    }
    Shapes.Second second = Shapes.Second.of(op, a, b, out);
    Launch launch = kernels.start("swift_binary").of(op.ordinal()).of(floats(a)).of(floats(b)).of(floats(out));
    (switch (second) {
      case SAME -> launch.of(1L).of(1L).of(0L);
      case ONE -> launch.of(1L).of(0L).of(0L);
      case ROW -> launch.of(a.columns()).of(0L).of(1L);
      case COLUMN -> launch.of(a.columns()).of(1L).of(0L);
    }).elements(a.size());
  }

  @Override
  public void unary(Unary op, Tensor x, Tensor out) {
    sameSize(x, out);
    kernels.start("swift_unary").of(op.ordinal()).of(floats(x)).of(floats(out)).elements(x.size());
  }

  @Override
  public void unaryBackward(Unary op, Tensor x, Tensor dy, Tensor dx) {
    Shapes.activation(op);
    sameSize(x, dy);
    sameSize(x, dx);
    kernels.start("swift_unary_backward").of(op.ordinal()).of(floats(x)).of(floats(dy)).of(floats(dx))
        .elements(x.size());
  }

  @Override
  public void scale(Tensor x, float alpha, Tensor out) {
    sameSize(x, out);
    kernels.start("swift_scale").of(floats(x)).of(alpha).of(floats(out)).elements(x.size());
  }

  @Override
  public void axpy(float alpha, Tensor x, Tensor y) {
    sameSize(x, y);
    kernels.start("swift_axpy").of(alpha).of(floats(x)).of(floats(y)).elements(x.size());
  }

  @Override
  public void reduceColumns(Reduction op, Tensor x, Tensor out) {
    require(out.size() == x.rows(), "%s of the columns of %s into %s", op, x, out);
    kernels.start("swift_reduce_columns").of(op == Reduction.MAX).of(floats(x)).of(x.columns()).of(floats(out))
        .rows(x.rows(), x.columns());
  }

  @Override
  public void sumRows(Tensor x, Tensor out, float beta) {
    require(out.size() == x.columns(), "sum of the rows of %s into %s", x, out);
    floats(x);
    overRows(x.rows(), x.columns(), floats(out), beta, () -> kernels.start("swift_sum_rows").of(x));
  }

  private interface Begin {
    Launch launch();
  }

  /** Sums over rows in two steps: parts of at least 64 rows each, then the parts. */
  private void overRows(long rows, long columns, Tensor out, float beta, Begin begin) {
    if (columns == 0) {
      return;
    }
    long count = Math.clamp(rows / ROWS_EACH, 1, MOST_PARTS);
    long each = Math.max(1, Math.ceilDiv(rows, count));
    try (Scope scope = new Scope(this)) {
      Tensor parts = scope.floats(count, columns);
      begin.launch().of(rows).of(columns).of(each).of(parts)
          .run(Math.ceilDiv(columns, 64L), count, 1, 64, 0);
      kernels.start("swift_add_parts").of(parts).of(count).of(columns).of(out).of(beta).elements(columns);
    }
  }

  @Override
  public void softmax(Tensor x, Tensor out) {
    sameSize(x, out);
    kernels.start("swift_softmax").of(floats(x)).of(x.columns()).of(floats(out)).rows(x.rows(), x.columns());
  }

  @Override
  public void gatherRows(Tensor table, Tensor ids, Tensor out) {
    require(table.rank() == 2 && table.columns() == out.columns() && ids.size() == out.rows(),
        "gather of %s at ids %s into %s", table, ids, out);
    kernels.start("swift_gather").of(table).of(KernelTypes.code(table.dtype())).of(table.dim(0)).of(table.columns())
        .of(IdChecks.ids(ids)).of(floats(out)).of(checks.flag(IdChecks.Where.GATHER)).elements(out.size());
  }

  @Override
  public void scatterRows(Tensor rows, Tensor ids, Tensor table) {
    Shapes.scatter(rows, ids, table);
    boolean blocks = table.dtype() != DType.F32;
    long each = table.columns() / table.dtype().block();
    kernels.start(blocks ? "swift_scatter_q8" : "swift_scatter").of(rows).of(table.dim(0)).of(each).of(IdChecks.ids(ids))
        .of(table).of(checks.flag(IdChecks.Where.SCATTER)).elements(ids.size() * each);
  }

  @Override
  public Replay replay(List<Replay.Operation> operations) {
    return new CudaReplay(this, session, memory, checks, fallbacks, operations);
  }

  @Override
  public void scatterAddRows(Tensor rows, Tensor ids, Tensor table) {
    require(table.rank() == 2 && table.columns() == rows.columns() && ids.size() == rows.rows(),
        "scatter of %s at ids %s into %s", rows, ids, table);
    if (rows.size() > 0) {
      kernels.start("swift_scatter_add").of(floats(rows)).of(ids.size()).of(table.dim(0)).of(table.columns())
          .of(IdChecks.ids(ids)).of(floats(table)).of(checks.flag(IdChecks.Where.SCATTER))
          .rows(ids.size(), table.columns());
    }
  }

  @Override
  public void sliceColumns(Tensor x, long from, Tensor out) {
    long wanted = out.columns();
    require(from >= 0 && from + wanted <= x.columns() && out.rows() == x.rows(), "columns from %s of %s into %s", from,
        x, out);
    kernels.start("swift_copy_columns").of(floats(x)).of(x.columns()).of(from).of(floats(out)).of(wanted).of(0L)
        .of(wanted).elements(out.size());
  }

  @Override
  public void pasteColumns(Tensor x, Tensor out, long to) {
    require(to >= 0 && to + x.columns() <= out.columns() && out.rows() == x.rows(), "%s into columns from %s of %s", x,
        to, out);
    kernels.start("swift_copy_columns").of(floats(x)).of(x.columns()).of(0L).of(floats(out)).of(out.columns()).of(to)
        .of(x.columns()).elements(x.size());
  }

  @Override
  public double sumSquares(Tensor x) {
    return sumSquares(List.of(x));
  }

  @Override
  public double sumSquares(List<Tensor> all) {
    List<Tensor> some = all.stream().filter(x -> floats(x).size() > 0).toList();
    if (some.isEmpty()) {
      return 0;
    }
    try (Scope scope = new Scope(this)) {
      Tensor sums = scope.tensor(DType.F64, some.size());
      for (int i = 0; i < some.size(); i++) {
        Tensor x = some.get(i);
        long count = Math.ceilDiv(x.size(), SQUARES);
        try (Scope own = scope.child()) {
          Tensor parts = own.tensor(DType.F64, count);
          kernels.start("swift_sum_squares").of(x).of(x.size()).of(SQUARES).of(parts)
              .run(count, 1, 1, 256, 0);
          kernels.start("swift_add_doubles").of(parts).of(count).of(sums.slice(i, 1)).run(1, 1, 1, 256, 0);
        }
      }
      double[] answers = new double[some.size()];
      download(sums, MemorySegment.ofArray(answers));
      double sum = 0;
      for (double answer : answers) {
        sum += answer;
      }
      return sum;
    }
  }

  @Override
  public boolean isFinite(Tensor x) {
    floats(x);
    try (Scope scope = new Scope(this)) {
      Tensor flag = scope.tensor(DType.I32, 1);
      session.enter().set32(memory.address(flag), 1, 1, session.stream());
      kernels.start("swift_is_finite").of(x).of(flag).elements(x.size());
      return flag.toInts()[0] != 0;
    }
  }

  @Override
  public void dropout(Tensor x, float p, long key, Tensor out) {
    require(p >= 0 && p < 1, "dropout probability must be in [0, 1), got %s for %s", p, x);
    sameSize(x, out);
    kernels.start("swift_dropout").of(floats(x)).of(p).of(key).of(floats(out)).elements(x.size());
  }

  @Override
  public void rmsNorm(Tensor x, Tensor w, float shift, float eps, Tensor y, @Nullable Tensor rstd) {
    sameSize(x, y);
    require(w.size() == x.columns() && (rstd == null || rstd.size() == x.rows()), "rmsNorm of %s by %s, rstd %s", x, w,
        rstd);
    kernels.start("swift_rms_norm").of(floats(x)).of(w).of(KernelTypes.code(w.dtype())).of(shift).of(eps).of(floats(y))
        .of(rstd).of(x.columns()).rows(x.rows(), x.columns());
  }

  @Override
  public void rmsNormBackward(
      Tensor x, Tensor w, float shift, Tensor rstd, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dw) {
    sameSize(x, dy);
    long columns = x.columns();
    require(w.size() == columns && rstd.size() == x.rows(), "rmsNormBackward of %s by %s, rstd %s", x, w, rstd);
    floats(rstd);
    if (dw != null) {
      sameSize(w, dw);
      floats(x);
      overRows(x.rows(), columns, floats(dw), 1,
          () -> kernels.start("swift_rms_norm_weights").of(x).of(rstd).of(floats(dy)));
    }
    if (dx != null) {
      sameSize(x, dx);
      kernels.start("swift_rms_norm_backward").of(floats(x)).of(w).of(KernelTypes.code(w.dtype())).of(shift).of(rstd)
          .of(floats(dy)).of(floats(dx)).of(columns).rows(x.rows(), columns);
    }
  }

  @Override
  public void rope(Tensor x, Tensor cos, Tensor sin, boolean interleaved, boolean inverse, Tensor out) {
    sameSize(x, out);
    sameSize(cos, sin);
    long half = cos.columns();
    require(x.rank() == 3 && cos.rows() == x.dim(0) && 2 * half <= x.dim(2), "rope of %s by cos %s", x, cos);
    kernels.start("swift_rope").of(floats(x)).of(x.dim(1)).of(x.dim(2)).of(floats(cos)).of(floats(sin)).of(half)
        .of(interleaved).of(inverse).of(floats(out)).elements(x.dim(0) * x.dim(1) * (x.dim(2) - half));
  }

  @Override
  public void gated(Unary act, Tensor gate, Tensor up, Tensor out) {
    Shapes.activation(act);
    sameSize(gate, up);
    sameSize(gate, out);
    kernels.start("swift_gated").of(act.ordinal()).of(floats(gate)).of(floats(up)).of(floats(out))
        .elements(gate.size());
  }

  @Override
  public void gatedBackward(Unary act, Tensor gate, Tensor up, Tensor dout, Tensor dgate, Tensor dup) {
    Shapes.activation(act);
    sameSize(gate, up);
    sameSize(gate, dout);
    sameSize(gate, dgate);
    sameSize(gate, dup);
    kernels.start("swift_gated_backward").of(act.ordinal()).of(floats(gate)).of(floats(up)).of(floats(dout))
        .of(floats(dgate)).of(floats(dup)).elements(gate.size());
  }

  @Override
  public void attention(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, @Nullable Tensor lse) {
    Shapes.attention(q, k, v, spec, segments, out, lse);
    if (!products.isExact() && flash.takes(spec, segments)) {
      flash.forward(floats(q), k, v, spec, segments, floats(out), lse);
    } else if (Attention.fits(spec)) {
      attention.forward(floats(q), k, v, spec, segments, floats(out), lse);
    } else {
      Backend.super.attention(q, k, v, spec, segments, out, lse);
    }
  }

  @Override
  public void attentionBackward(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, Tensor lse, Tensor dout,
      Tensor dq, Tensor dk, Tensor dv) {
    Shapes.attention(q, k, v, spec, segments, out, lse);
    require(segments.pages() == null, "attentionBackward of paged keys %s", k);
    sameSize(out, dout);
    sameSize(q, dq);
    sameSize(k, dk);
    sameSize(v, dv);
    if (!products.isExact() && flash.takesGradients(spec)) {
      flash.backward(floats(q), floats(k), floats(v), spec, segments, floats(out), floats(lse), floats(dout),
          floats(dq), floats(dk), floats(dv));
    } else if (Attention.fits(spec)) {
      attention.backward(floats(q), floats(k), floats(v), spec, segments, floats(out), floats(lse), floats(dout),
          floats(dq), floats(dk), floats(dv));
    } else {
      Backend.super.attentionBackward(q, k, v, spec, segments, out, lse, dout, dq, dk, dv);
    }
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor labels, Tensor nll, @Nullable Tensor gradScale) {
    long n = labels.size();
    long columns = logits.columns();
    require(logits.rows() == n && nll.size() == n && (gradScale == null || gradScale.size() == n),
        "crossEntropy of logits %s, labels %s, nll %s, gradScale %s", logits, labels, nll, gradScale);
    kernels.start("swift_check_ids").of(IdChecks.ids(labels)).of(columns).of(true)
        .of(checks.flag(IdChecks.Where.LABELS)).elements(n);
    kernels.start("swift_cross_entropy").of(floats(logits)).of(columns).of(labels).of(floats(nll)).of(gradScale)
        .rows(n, columns);
  }

  @Override
  public void adamW(Tensor p, Tensor g, Tensor m, Tensor v, AdamStep step) {
    sameSize(p, g);
    sameSize(p, m);
    sameSize(p, v);
    kernels.start("swift_adamw").of(floats(p)).of(floats(g)).of(floats(m)).of(floats(v)).of(step.beta1())
        .of(step.rest1()).of(step.beta2()).of(step.rest2()).of(step.decay()).of(step.size()).of(step.root())
        .of(step.eps()).of(step.gradScale()).elements(p.size());
  }

  @Override
  public void argmax(Tensor x, Tensor out) {
    Shapes.argmax(x, out);
    kernels.start("swift_argmax").of(x).of(x.columns()).of(out).rows(x.rows(), x.columns());
  }
}
