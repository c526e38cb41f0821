package io.swiftjvm.backend;

import static io.swiftjvm.backend.Shapes.require;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A device with some operations of its own: it overrides those; every other primitive is computed by the cpu's kernels
 * on
 * copies (on the memory itself where the host can reach it) and counted as a fallback. So a new device is right from
 * its
 * first operation on and gets faster with each.
 */
public abstract class StagedBackend implements Backend {
  private final CpuBackend host = new CpuBackend();
  private final Fallbacks fallbacks;
  private final boolean reachable;

  /**
   * For the device of this name.
   *
   * @param reachable true if the host sees the device's memory
   */
  protected StagedBackend(String name, boolean reachable) {
    this.fallbacks = new Fallbacks(name);
    this.reachable = reachable;
  }

  /** Operands of one operation on the host. */
  protected final class Stage {
    private final Scope scope = new Scope(host);
    private final List<Tensor[]> written = new ArrayList<>();

    /** The values of t. */
    public Tensor in(Tensor t) {
      if (reachable) {
        return t;
      }
      Tensor copy = scope.tensor(t.dtype(), t.shape());
      t.read(0, copy.segment());
      return copy;
    }

    /** A place for all values of t, which go to it afterwards. */
    public Tensor out(Tensor t) {
      if (reachable) {
        return t;
      }
      Tensor copy = scope.tensor(t.dtype(), t.shape());
      written.add(new Tensor[] {t, copy});
      return copy;
    }

    /** The values of t, which is changed. */
    public Tensor both(Tensor t) {
      if (reachable) {
        return t;
      }
      Tensor copy = in(t);
      written.add(new Tensor[] {t, copy});
      return copy;
    }

    private void run(Consumer<Stage> body) {
      try (scope) {
        body.accept(this);
        written.forEach(pair -> pair[0].write(pair[1].segment(), 0));
      }
    }
  }

  /** Computes {@code what} on the host, because of {@code reason}. */
  protected final void onHost(String what, String reason, Consumer<Stage> body) {
    fallbacks.other(what, reason + ", computed on the host");
    new Stage().run(body);
  }

  /** A float32 copy of weights of another type for one operation, b itself if it is float32. */
  protected final Tensor wide(Tensor b, Scope scope) {
    if (b.dtype() == DType.F32) {
      return b;
    }
    fallbacks.other("weights of " + b.dtype().shortName(), "no kernel, widened to float32 for each product");
    Tensor copy = scope.floats(b.shape());
    cast(b, copy);
    return copy;
  }

  /** The ids on the host, each checked to be a row of {@code limit}. */
  protected static int[] ids(Tensor ids, long limit) {
    int[] values = ids.toInts();
    for (int i = 0; i < values.length; i++) {
      if (values[i] < 0 || values[i] >= limit) {
        throw new IllegalArgumentException(
            "id " + values[i] + " at position " + i + " is outside 0 .. " + (limit - 1));
      }
    }
    return values;
  }

  private static final String NONE = "no such operation";

  @Override
  public Fallbacks fallbacks() {
    return fallbacks;
  }

  @Override
  public void upload(MemorySegment source, Tensor target) {
    require(source.byteSize() == target.bytes(), "upload of %s bytes into %s", source.byteSize(), target);
    target.write(source, 0);
  }

  @Override
  public void download(Tensor source, MemorySegment target) {
    require(target.byteSize() == source.bytes(), "download of %s into %s bytes", source, target.byteSize());
    source.read(0, target);
  }

  @Override
  public void copy(Tensor source, Tensor target) {
    require(source.dtype() == target.dtype() && source.size() == target.size(), "copy of %s to %s", source, target);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, source.bytes())).asSlice(0, source.bytes());
      source.read(0, bytes);
      target.write(bytes, 0);
    }
  }

  @Override
  public void fill(Tensor target, float value) {
    onHost("fill", NONE, s -> host.fill(s.out(target), value));
  }

  @Override
  public void cast(Tensor source, Tensor target) {
    onHost("cast of " + source.dtype().shortName() + " to " + target.dtype().shortName(), NONE,
        s -> host.cast(s.in(source), s.out(target)));
  }

  @Override
  public void quantize(Tensor source, Tensor target) {
    onHost("quantize to " + target.dtype().shortName(), NONE, s -> host.quantize(s.in(source), s.out(target)));
  }

  @Override
  public void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out, float alpha, float beta) {
    onHost("matmul", NONE,
        s -> host.matmul(s.in(a), transposeA, s.in(b), transposeB, s.both(out), alpha, beta));
  }

  @Override
  public void binary(Binary op, Tensor a, Tensor b, Tensor out) {
    onHost(op.name(), NONE, s -> host.binary(op, s.in(a), s.in(b), s.out(out)));
  }

  @Override
  public void unary(Unary op, Tensor x, Tensor out) {
    onHost(op.name(), NONE, s -> host.unary(op, s.in(x), s.out(out)));
  }

  @Override
  public void unaryBackward(Unary op, Tensor x, Tensor dy, Tensor dx) {
    onHost(op + " backward", NONE, s -> host.unaryBackward(op, s.in(x), s.in(dy), s.out(dx)));
  }

  @Override
  public void scale(Tensor x, float alpha, Tensor out) {
    onHost("scale", NONE, s -> host.scale(s.in(x), alpha, s.out(out)));
  }

  @Override
  public void axpy(float alpha, Tensor x, Tensor y) {
    onHost("axpy", NONE, s -> host.axpy(alpha, s.in(x), s.both(y)));
  }

  @Override
  public void reduceColumns(Reduction op, Tensor x, Tensor out) {
    onHost(op + " of columns", NONE, s -> host.reduceColumns(op, s.in(x), s.out(out)));
  }

  @Override
  public void sumRows(Tensor x, Tensor out, float beta) {
    onHost("sum of rows", NONE, s -> host.sumRows(s.in(x), s.both(out), beta));
  }

  @Override
  public void softmax(Tensor x, Tensor out) {
    onHost("softmax", NONE, s -> host.softmax(s.in(x), s.out(out)));
  }

  @Override
  public void gatherRows(Tensor table, Tensor ids, Tensor out) {
    onHost("gather of " + table.dtype().shortName(), NONE, s -> host.gatherRows(s.in(table), s.in(ids), s.out(out)));
  }

  @Override
  public void scatterAddRows(Tensor rows, Tensor ids, Tensor table) {
    onHost("scatter-add", "rows that are named twice must be added in order",
        s -> host.scatterAddRows(s.in(rows), s.in(ids), s.both(table)));
  }

  @Override
  public void sliceColumns(Tensor x, long from, Tensor out) {
    onHost("slice of columns", NONE, s -> host.sliceColumns(s.in(x), from, s.out(out)));
  }

  @Override
  public void pasteColumns(Tensor x, Tensor out, long to) {
    onHost("paste of columns", NONE, s -> host.pasteColumns(s.in(x), s.both(out), to));
  }

  @Override
  public double sumSquares(Tensor x) {
    double[] sum = new double[1];
    onHost("sum of squares", "it is wanted in double", s -> sum[0] = host.sumSquares(s.in(x)));
    return sum[0];
  }

  /** A square of a float32 is a finite double, and so is any sum of them. */
  @Override
  public boolean isFinite(Tensor x) {
    return Double.isFinite(sumSquares(x));
  }

  @Override
  public void dropout(Tensor x, float p, long key, Tensor out) {
    onHost("dropout", "its random numbers are ours", s -> host.dropout(s.in(x), p, key, s.out(out)));
  }

  /** Gives the device's own things back, after which the host's go too. */
  protected abstract void release();

  @Override
  public final void close() {
    try {
      release();
    } finally {
      host.close();
    }
  }
}
