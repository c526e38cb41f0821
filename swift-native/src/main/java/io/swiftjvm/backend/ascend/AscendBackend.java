package io.swiftjvm.backend.ascend;

import static io.swiftjvm.backend.Shapes.allFloats;
import static io.swiftjvm.backend.Shapes.require;
import static io.swiftjvm.backend.Shapes.sameSize;

import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Device;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.backend.Shapes;
import io.swiftjvm.backend.StagedBackend;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An Ascend card by CANN's aclnn operations in float32, all on one stream: products, elementwise functions, norms,
 * softmax, embedding and casts are the card's; attention, loss and optimizer are composed from them; what aclnn has no
 * counterpart for is computed on the host and counted. Verified against a simulator of the interface, never on a card.
 */
public final class AscendBackend extends StagedBackend {
  private final Acl acl;
  private final Device device;
  private final String description;
  private final MemorySegment stream;
  private final AscendMemory memory;
  private final ThreadLocal<Boolean> current = ThreadLocal.withInitial(() -> false);
  private MemorySegment workspace = MemorySegment.NULL;
  private long workspaceBytes;

  AscendBackend(Acl acl, String kind, int index) {
    super(kind + ":" + index, false);
    this.acl = acl;
    this.device = new Device(kind, index);
    enter();
    this.description = acl.text("aclrtGetSocName") + " by aclnn (verified against a simulator only)";
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      acl.call("aclrtCreateStream", "a", out);
      this.stream = out.get(ValueLayout.ADDRESS, 0);
    }
    this.memory = new AscendMemory(acl, this::settle);
  }

  /** A card is current for a thread at a time. */
  private void enter() {
    if (!current.get()) {
      acl.call("aclrtSetDevice", "i", device.index());
      current.set(true);
    }
  }

  private void settle() {
    enter();
    acl.call("aclrtSynchronizeStream", "a", stream);
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public DType weightType(DType stored) {
    return stored.isFloat() ? DType.F32 : stored;
  }

  @Override
  public Storage allocate(long bytes) {
    return memory.allocate(bytes);
  }

  @Override
  protected void release() {
    memory.trim();
    if (workspaceBytes > 0) {
      acl.call("aclrtFree", "a", workspace);
      workspaceBytes = 0;
    }
    acl.call("aclrtDestroyStream", "a", stream);
  }

  /** The card's address of a tensor. */
  MemorySegment address(Tensor t) {
    if (!(t.storage() instanceof AscendMemory.Block block) || !block.of(memory)) {
      throw new IllegalArgumentException(t + " is not on " + device + "; upload it");
    }
    if (!block.isOpen()) {
      throw new IllegalStateException("tensor memory was used after its scope was closed");
    }
    return block.at(t.offset());
  }

  /** The second phase; the workspace serves one operation after the other. */
  synchronized void execute(String op, long bytes, MemorySegment executor) {
    if (bytes > workspaceBytes) {
      settle();
      if (workspaceBytes > 0) {
        acl.call("aclrtFree", "a", workspace);
        workspaceBytes = 0;
      }
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
        acl.call("aclrtMalloc", "ali", out, bytes, 0);
        workspace = out.get(ValueLayout.ADDRESS, 0);
        workspaceBytes = bytes;
      }
    }
    acl.call(op, "alaa", bytes == 0 ? MemorySegment.NULL : workspace, bytes, executor, stream);
  }

  private void run(String op, Consumer<Launch> arguments) {
    enter();
    try (Launch launch = new Launch(this, acl)) {
      arguments.accept(launch);
      launch.run(op);
    }
  }

  @Override
  public void copy(Tensor source, Tensor target) {
    require(source.dtype() == target.dtype() && source.size() == target.size(), "copy of %s to %s", source, target);
    if (source.size() == 0 || source.dtype().isQuantised()) {
      super.copy(source, target);
    } else {
      run("aclnnInplaceCopy", l -> l.flat(target).flat(source));
    }
  }

  @Override
  public void fill(Tensor target, float value) {
    allFloats(target);
    if (target.size() > 0) {
      run("aclnnInplaceFillScalar", l -> l.flat(target).scalar(value));
    }
  }

  @Override
  public void cast(Tensor source, Tensor target) {
    sameSize(source, target);
    if (!source.dtype().isFloat() || !target.dtype().isFloat() || source.size() == 0) {
      super.cast(source, target);
    } else {
      run("aclnnCast", l -> l.flat(source).int32(Launch.type(target.dtype())).flat(target));
    }
  }

  @Override
  public void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out, float alpha, float beta) {
    Shapes.Product sizes = Shapes.product(a, transposeA, b, transposeB, out);
    allFloats(a, out);
    if (out.size() == 0) {
      return;
    }
    if (sizes.k() == 0) {
      // What an output was before does not count where beta is 0: it may be anything, NaN too.
      if (beta == 0) {
        fill(out, 0);
      } else {
        scale(out, beta, out);
      }
      return;
    }
    try (Scope scope = new Scope(this)) {
      Tensor wide = wide(b, scope);
      Tensor product = beta == 0 ? out : scope.floats(sizes.m(), sizes.n());
      // 0: the type of the operands is kept.
      run("aclnnMatmul", l -> l.matrix(a, transposeA).matrix(wide, transposeB).matrix(product).int8(0));
      if (alpha != 1) {
        scale(product, alpha, product);
      }
      if (beta != 0) {
        scaledAdd(product, out, beta, out);
      }
    }
  }

  /** {@code out = a + alpha * b}, all of one size. */
  private void scaledAdd(Tensor a, Tensor b, float alpha, Tensor out) {
    run("aclnnAdd", l -> l.flat(a).flat(b).scalar(alpha).flat(out));
  }

  @Override
  public void binary(Binary op, Tensor a, Tensor b, Tensor out) {
    allFloats(a, b, out);
    if (a.size() == 0) {
      sameSize(a, out);
      return;
    }
    long[] second = Shapes.Second.of(op, a, b, out).shape(a);
    String name = switch (op) {
      case ADD -> "aclnnAdd";
      case SUBTRACT -> "aclnnSub";
      case MULTIPLY -> "aclnnMul";
      case DIVIDE -> "aclnnDiv";
      case MAX -> "aclnnMaximum";
    };
    run(name, l -> {
      l.matrix(a).view(b, second);
      if (op == Binary.ADD || op == Binary.SUBTRACT) {
        l.scalar(1);
      }
      l.view(out, a.rows(), a.columns());
    });
  }

  @Override
  public void unary(Unary op, Tensor x, Tensor out) {
    allFloats(x, out);
    sameSize(x, out);
    if (x.size() == 0) {
      return;
    }
    switch (op) {
      case NEGATE -> simple("aclnnNeg", x, out);
      case EXP -> simple("aclnnExp", x, out);
      case LOG -> simple("aclnnLog", x, out);
      case SQRT -> simple("aclnnSqrt", x, out);
      case RSQRT -> simple("aclnnRsqrt", x, out);
      case RECIPROCAL -> simple("aclnnReciprocal", x, out);
      case SQUARE -> binary(Binary.MULTIPLY, x, x, out);
      case RELU -> simple("aclnnRelu", x, out);
      case SIGMOID -> simple("aclnnSigmoid", x, out);
      case TANH -> simple("aclnnTanh", x, out);
      case SILU -> simple("aclnnSilu", x, out);
      case GELU -> run("aclnnGeluV2", l -> l.flat(x).int64(0).flat(out));
      case GELU_TANH -> run("aclnnGeluV2", l -> l.flat(x).int64(1).flat(out));
    }
  }

  private void simple(String name, Tensor x, Tensor out) {
    run(name, l -> l.flat(x).flat(out));
  }

  @Override
  public void unaryBackward(Unary op, Tensor x, Tensor dy, Tensor dx) {
    allFloats(x, dy, dx);
    Shapes.activation(op);
    sameSize(x, dy);
    sameSize(x, dx);
    if (x.size() == 0) {
      return;
    }
    switch (op) {
      case RELU -> run("aclnnThresholdBackward", l -> l.flat(dy).flat(x).scalar(0).flat(dx));
      case SILU -> run("aclnnSiluBackward", l -> l.flat(dy).flat(x).flat(dx));
      case GELU -> run("aclnnGeluBackwardV2", l -> l.flat(dy).flat(x).text("none").flat(dx));
      case GELU_TANH -> run("aclnnGeluBackwardV2", l -> l.flat(dy).flat(x).text("tanh").flat(dx));
      case SIGMOID, TANH -> {
        try (Scope scope = new Scope(this)) {
          Tensor y = scope.floats(x.size());
          unary(op, x, y);
          run(op == Unary.TANH ? "aclnnTanhBackward" : "aclnnSigmoidBackward", l -> l.flat(dy).flat(y).flat(dx));
        }
      }
      default -> Shapes.activation(op);
    }
  }

  @Override
  public void scale(Tensor x, float alpha, Tensor out) {
    allFloats(x, out);
    sameSize(x, out);
    if (x.size() > 0) {
      run("aclnnMuls", l -> l.flat(x).scalar(alpha).flat(out));
    }
  }

  @Override
  public void axpy(float alpha, Tensor x, Tensor y) {
    allFloats(x, y);
    sameSize(x, y);
    if (x.size() > 0) {
      scaledAdd(y, x, alpha, y);
    }
  }

  @Override
  public void reduceColumns(Reduction op, Tensor x, Tensor out) {
    allFloats(x, out);
    require(out.size() == x.rows(), "%s of the columns of %s into %s", op, x, out);
    if (x.size() == 0) {
      super.reduceColumns(op, x, out);
    } else if (op == Reduction.SUM) {
      sum(x, 1, out);
    } else {
      run("aclnnAmax", l -> l.matrix(x).axes(1).bool(false).flat(out));
    }
  }

  private void sum(Tensor x, int axis, Tensor out) {
    run("aclnnReduceSum", l -> l.matrix(x).axes(axis).bool(false).int32(Launch.type(DType.F32)).flat(out));
  }

  @Override
  public void sumRows(Tensor x, Tensor out, float beta) {
    allFloats(x, out);
    require(out.size() == x.columns(), "sum of the rows of %s into %s", x, out);
    if (x.size() == 0) {
      super.sumRows(x, out, beta);
      return;
    }
    try (Scope scope = new Scope(this)) {
      Tensor sum = beta == 0 ? out : scope.floats(out.size());
      sum(x, 0, sum);
      if (beta != 0) {
        scaledAdd(sum, out, beta, out);
      }
    }
  }

  @Override
  public void softmax(Tensor x, Tensor out) {
    allFloats(x, out);
    sameSize(x, out);
    if (x.size() > 0) {
      run("aclnnSoftmax", l -> l.matrix(x).int64(1).view(out, x.rows(), x.columns()));
    }
  }

  @Override
  public void gatherRows(Tensor table, Tensor ids, Tensor out) {
    require(table.rank() == 2 && table.columns() == out.columns() && ids.size() == out.rows(),
        "gather of %s at ids %s into %s", table, ids, out);
    allFloats(out);
    ids(ids, table.dim(0));
    if (!table.dtype().isFloat() || out.size() == 0) {
      super.gatherRows(table, ids, out);
      return;
    }
    try (Scope scope = new Scope(this)) {
      Tensor rows = table.dtype() == DType.F32 ? out : scope.tensor(table.dtype(), out.shape());
      run("aclnnEmbedding", l -> l.matrix(table).flat(ids).view(rows, ids.size(), table.columns()));
      if (rows != out) {
        cast(rows, out);
      }
    }
  }

  @Override
  public void sliceColumns(Tensor x, long from, Tensor out) {
    allFloats(x, out);
    require(from >= 0 && from + out.columns() <= x.columns() && out.rows() == x.rows(), "columns from %s of %s into %s", from,
        x, out);
    if (out.size() > 0) {
      run("aclnnInplaceCopy", l -> l.matrix(out).columns(x, from, out.columns()));
    }
  }

  @Override
  public void pasteColumns(Tensor x, Tensor out, long to) {
    allFloats(x, out);
    require(to >= 0 && to + x.columns() <= out.columns() && out.rows() == x.rows(), "%s into columns from %s of %s", x, to, out);
    if (x.size() > 0) {
      run("aclnnInplaceCopy", l -> l.columns(out, to, x.columns()).matrix(x));
    }
  }

  @Override
  public void rmsNorm(Tensor x, Tensor w, float shift, float eps, Tensor y, @Nullable Tensor rstd) {
    allFloats(x, y);
    require(x.size() == y.size() && w.size() == x.columns(), "rmsNorm of %s by %s into %s", x, w, y);
    try (Scope scope = new Scope(this)) {
      Tensor gamma = gamma(w, shift, scope);
      Tensor factors = rstd == null ? scope.floats(x.rows()) : rstd;
      run("aclnnRmsNorm", l -> l.matrix(x).flat(gamma).float64(eps).view(y, x.rows(), x.columns()).flat(factors));
    }
  }

  @Override
  public void rmsNormBackward(
      Tensor x, Tensor w, float shift, Tensor rstd, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dw) {
    allFloats(x, rstd, dy);
    require(x.size() == dy.size() && w.size() == x.columns() && rstd.size() == x.rows(), "rmsNormBackward of %s by %s", x, w);
    try (Scope scope = new Scope(this)) {
      Tensor gamma = gamma(w, shift, scope);
      Tensor x2 = dx == null ? scope.floats(x.size()) : dx;
      Tensor w2 = scope.floats(w.size());
      run("aclnnRmsNormGrad", l -> l.view(dy, x.rows(), x.columns()).matrix(x).flat(rstd).flat(gamma)
          .view(x2, x.rows(), x.columns()).flat(w2));
      if (dw != null) {
        axpy(1, w2, dw);
      }
    }
  }

  /** The weights of a norm as the card wants them. */
  private Tensor gamma(Tensor w, float shift, Scope scope) {
    if (w.dtype() == DType.F32 && shift == 0) {
      return w;
    }
    Tensor wide = scope.floats(w.size());
    cast(w, wide);
    if (shift != 0) {
      run("aclnnAdds", l -> l.flat(wide).scalar(shift).scalar(1).flat(wide));
    }
    return wide;
  }
}
