package io.swiftjvm.backend.ascend;

import io.swiftjvm.backend.Shapes;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * One aclnn operation: its handles are made, its workspace is asked for ({@code aclnnXGetWorkspaceSize}), it is put on
 * the stream ({@code aclnnX}), its handles go.
 */
final class Launch implements AutoCloseable {
  private static final int ND = 2;

  private final AscendBackend backend;
  private final Acl acl;
  private final Arena arena = Arena.ofConfined();
  private final List<Runnable> handles = new ArrayList<>();
  private final List<Object> arguments = new ArrayList<>();
  private final StringBuilder signature = new StringBuilder();

  Launch(AscendBackend backend, Acl acl) {
    this.backend = backend;
    this.acl = acl;
  }

  static int type(DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      case I32 -> 3;
      case BF16 -> 27;
      default -> throw new IllegalArgumentException("no such type on a card: " + type);
    };
  }

  private Launch argument(char letter, Object value) {
    signature.append(letter);
    arguments.add(value);
    return this;
  }

  /** A tensor under another shape of its size. */
  Launch view(Tensor t, long... shape) {
    return window(t, 0, shape, Shapes.rowMajor(shape));
  }

  /** All elements in a row. */
  Launch flat(Tensor t) {
    return view(t, t.size());
  }

  /** Rows by columns. */
  Launch matrix(Tensor t) {
    return view(t, t.rows(), t.columns());
  }

  /** A matrix, transposed if asked. */
  Launch matrix(Tensor t, boolean transposed) {
    long rows = t.dim(0);
    long columns = t.dim(1);
    return transposed ? window(t, 0, new long[] {columns, rows}, new long[] {1, columns}) : matrix(t);
  }

  /** Columns {@code [from, from + width)}. */
  Launch columns(Tensor t, long from, long width) {
    return window(t, from, new long[] {t.rows(), width}, new long[] {t.columns(), 1});
  }

  private Launch window(Tensor t, long from, long[] shape, long[] strides) {
    MemorySegment dims = arena.allocateFrom(ValueLayout.JAVA_LONG, shape);
    MemorySegment steps = arena.allocateFrom(ValueLayout.JAVA_LONG, strides);
    MemorySegment whole = arena.allocateFrom(ValueLayout.JAVA_LONG, t.size());
    MemorySegment handle = acl.make("aclCreateTensor", "alialiala",
        dims, (long) shape.length, type(t.dtype()), steps, from, ND, whole, 1L, backend.address(t));
    handles.add(() -> acl.call("aclDestroyTensor", "a", handle));
    return argument('a', handle);
  }

  /** A float32 aclScalar. */
  Launch scalar(float value) {
    MemorySegment handle =
        acl.make("aclCreateScalar", "ai", arena.allocateFrom(ValueLayout.JAVA_FLOAT, value), type(DType.F32));
    handles.add(() -> acl.call("aclDestroyScalar", "a", handle));
    return argument('a', handle);
  }

  /** An aclIntArray. */
  Launch axes(long... values) {
    MemorySegment handle =
        acl.make("aclCreateIntArray", "al", arena.allocateFrom(ValueLayout.JAVA_LONG, values), (long) values.length);
    handles.add(() -> acl.call("aclDestroyIntArray", "a", handle));
    return argument('a', handle);
  }

  Launch int64(long value) {
    return argument('l', value);
  }

  Launch int32(int value) {
    return argument('i', value);
  }

  Launch int8(int value) {
    return argument('b', (byte) value);
  }

  Launch bool(boolean value) {
    return argument('z', value);
  }

  Launch float64(double value) {
    return argument('d', value);
  }

  Launch text(String value) {
    return argument('a', arena.allocateFrom(value));
  }

  /** Both phases. */
  void run(String op) {
    MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
    MemorySegment executor = arena.allocate(ValueLayout.ADDRESS);
    argument('a', size).argument('a', executor);
    acl.call(op + "GetWorkspaceSize", signature.toString(), arguments.toArray());
    backend.execute(op, size.get(ValueLayout.JAVA_LONG, 0), executor.get(ValueLayout.ADDRESS, 0));
  }

  @Override
  public void close() {
    try (arena) {
      handles.forEach(Runnable::run);
    }
  }
}
