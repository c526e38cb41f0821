package io.swiftjvm.backend.nd4j;

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
import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.api.ops.impl.reduce.same.Max;
import org.nd4j.linalg.api.ops.impl.reduce.same.Sum;
import org.nd4j.linalg.api.ops.impl.transforms.custom.SoftMax;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The primitives by ND4J in float32, the fused operations composed from them. bf16 and fp16 weights are widened when
 * they are loaded, by our own casts: ND4J's products of them take hundreds of times as long. An array header is made
 * for each operand, which costs some microseconds; this device is for what ND4J reaches and we do not, and as a
 * reference.
 */
public final class Nd4jBackend extends StagedBackend {
  private static final Device DEVICE = new Device("nd4j", 0);

  /** On the ND4J backend of the class path. */
  public Nd4jBackend() {
    super("nd4j", host());
  }

  static boolean host() {
    return Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU;
  }

  /** What ND4J has found; starts it. */
  static String found() {
    return "ND4J, " + Nd4j.getBackend().getClass().getSimpleName() + " (" + (host() ? "host" : "CUDA") + " memory)";
  }

  @Override
  public Device device() {
    return DEVICE;
  }

  @Override
  public String description() {
    return found();
  }

  @Override
  public DType weightType(DType stored) {
    return stored.isFloat() ? DType.F32 : stored;
  }

  @Override
  public Storage allocate(long bytes) {
    return new Nd4jStorage(bytes);
  }

  @Override
  protected void release() {}

  private static INDArray flat(Tensor t) {
    return Nd4jStorage.array(t, new long[] {t.size()}, new long[] {1});
  }

  private static INDArray matrix(Tensor t, long rows, long columns) {
    return Nd4jStorage.array(t, new long[] {rows, columns}, new long[] {columns, 1});
  }

  private static INDArray matrix(Tensor t) {
    return matrix(t, t.rows(), t.columns());
  }

  @Override
  public void copy(Tensor source, Tensor target) {
    require(source.dtype() == target.dtype() && source.size() == target.size(), "copy of %s to %s", source, target);
    if (source.dtype() == DType.F32 && source.size() > 0) {
      flat(target).assign(flat(source));
    } else {
      super.copy(source, target);
    }
  }

  @Override
  public void fill(Tensor target, float value) {
    allFloats(target);
    if (target.size() > 0) {
      flat(target).assign(value);
    }
  }

  @Override
  public void cast(Tensor source, Tensor target) {
    if (source.dtype() == DType.F32 && target.dtype() == DType.F32) {
      copy(source, target);
    } else {
      super.cast(source, target);
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
      // ND4J writes products by columns: out^T = op(b)^T op(a)^T is the same memory.
      INDArray result = Nd4jStorage.array(out, new long[] {sizes.n(), sizes.m()}, new long[] {1, sizes.n()});
      Nd4j.gemm(matrix(wide(b, scope)), matrix(a), result, !transposeB, !transposeA, alpha, beta);
    }
  }

  @Override
  public void binary(Binary op, Tensor a, Tensor b, Tensor out) {
    allFloats(a, b, out);
    if (a.size() == 0) {
      sameSize(a, out);
      return;
    }
    long[] second = Shapes.Second.of(op, a, b, out).shape(a);
    String name = op == Binary.MAX ? "maximum" : op.name().toLowerCase(Locale.ROOT);
    Nd4j.exec(DynamicCustomOp.builder(name).addInputs(matrix(a), matrix(b, second[0], second[1]))
        .addOutputs(matrix(out, a.rows(), a.columns())).build());
  }

  @Override
  public void unary(Unary op, Tensor x, Tensor out) {
    allFloats(x, out);
    sameSize(x, out);
    if (x.size() > 0) {
      Functions.apply(op, flat(x), flat(out));
    }
  }

  @Override
  public void unaryBackward(Unary op, Tensor x, Tensor dy, Tensor dx) {
    allFloats(x, dy, dx);
    Shapes.activation(op);
    sameSize(x, dy);
    sameSize(x, dx);
    if (x.size() > 0) {
      try (INDArray slope = Functions.slope(op, flat(x))) {
        slope.muli(flat(dy), flat(dx));
      }
    }
  }

  @Override
  public void scale(Tensor x, float alpha, Tensor out) {
    allFloats(x, out);
    sameSize(x, out);
    if (x.size() > 0) {
      flat(x).muli(alpha, flat(out));
    }
  }

  @Override
  public void axpy(float alpha, Tensor x, Tensor y) {
    allFloats(x, y);
    sameSize(x, y);
    if (x.size() > 0) {
      Nd4j.getBlasWrapper().axpy(alpha, flat(x), flat(y));
    }
  }

  @Override
  public void reduceColumns(Reduction op, Tensor x, Tensor out) {
    allFloats(x, out);
    require(out.size() == x.rows(), "%s of the columns of %s into %s", op, x, out);
    if (x.size() > 0) {
      Nd4j.getExecutioner().exec(op == Reduction.SUM ? new Sum(matrix(x), flat(out), 1) : new Max(matrix(x), flat(out), 1));
    } else {
      super.reduceColumns(op, x, out);
    }
  }

  @Override
  public void sumRows(Tensor x, Tensor out, float beta) {
    allFloats(x, out);
    require(out.size() == x.columns(), "sum of the rows of %s into %s", x, out);
    if (x.size() == 0) {
      super.sumRows(x, out, beta);
      return;
    }
    try (INDArray sum = matrix(x).sum(0)) {
      if (beta != 0) {
        sum.addi(flat(out).mul(beta));
      }
      flat(out).assign(sum);
    }
  }

  @Override
  public void softmax(Tensor x, Tensor out) {
    allFloats(x, out);
    sameSize(x, out);
    if (x.size() > 0) {
      Nd4j.exec(new SoftMax(matrix(x), matrix(out, x.rows(), x.columns()), 1));
    }
  }

  @Override
  public void gatherRows(Tensor table, Tensor ids, Tensor out) {
    require(table.rank() == 2 && table.columns() == out.columns() && ids.size() == out.rows(),
        "gather of %s at ids %s into %s", table, ids, out);
    allFloats(out);
    if (table.dtype() != DType.F32 || out.size() == 0) {
      super.gatherRows(table, ids, out);
      return;
    }
    Nd4j.pullRows(matrix(table), matrix(out), 1, ids(ids, table.dim(0)));
  }

  @Override
  public void sliceColumns(Tensor x, long from, Tensor out) {
    allFloats(x, out);
    long width = out.columns();
    require(from >= 0 && from + width <= x.columns() && out.rows() == x.rows(), "columns from %s of %s into %s", from, x, out);
    if (out.size() > 0) {
      matrix(out).assign(window(x, from, width));
    }
  }

  @Override
  public void pasteColumns(Tensor x, Tensor out, long to) {
    allFloats(x, out);
    require(to >= 0 && to + x.columns() <= out.columns() && out.rows() == x.rows(), "%s into columns from %s of %s", x, to, out);
    if (x.size() > 0) {
      window(out, to, x.columns()).assign(matrix(x));
    }
  }

  private static INDArray window(Tensor x, long from, long width) {
    return Nd4jStorage.array(x, from, new long[] {x.rows(), width}, new long[] {x.columns(), 1});
  }

  @Override
  public double sumSquares(Tensor x) {
    allFloats(x);
    if (x.size() == 0) {
      return 0;
    }
    try (INDArray wide = flat(x).castTo(DataType.DOUBLE)) {
      return wide.muli(wide).sumNumber().doubleValue();
    }
  }
}
