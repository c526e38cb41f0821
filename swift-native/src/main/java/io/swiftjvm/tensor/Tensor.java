package io.swiftjvm.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A dense row-major array: element type, shape, and a window into a {@link Storage}. Immutable as a handle; several
 * tensors may look at one storage. Tensors are not closed one by one: the {@link Scope} that made them is.
 *
 * {@snippet :
 * try (var scope = new Scope(backend)) {
 *   Tensor x = scope.floats(new float[] {1, 2, 3, 4}, 2, 2); // (2,2)
 * }
 * }
 */
public final class Tensor {
  private final DType dtype;
  private final long[] shape;
  private final long size;
  private final long bytes;
  private final Storage storage;
  private final long offset;
  private final boolean requiresGrad;
  private @Nullable MemorySegment window;
  private int windowAge;

  private Tensor(DType dtype, long[] shape, Storage storage, long offset, boolean requiresGrad) {
    long n = 1;
    for (long d : shape) {
      if (d < 0) {
        throw new IllegalArgumentException("a dimension is negative: " + Arrays.toString(shape));
      }
      n = Math.multiplyExact(n, d);
    }
    long columns = shape.length == 0 ? 1 : shape[shape.length - 1];
    this.bytes = dtype.bytes(columns == 0 ? 0 : n / columns, columns);
    long end = Math.addExact(offset, bytes);
    if (offset < 0 || end > storage.bytes()) {
      throw new IllegalArgumentException(
          "a tensor " + Arrays.toString(shape) + " of " + dtype + " at byte " + offset + " ends outside its "
              + storage.bytes() + " bytes");
    }
    this.dtype = dtype;
    this.shape = shape;
    this.size = n;
    this.storage = storage;
    this.offset = offset;
    this.requiresGrad = requiresGrad;
  }

  /** A tensor over the start of {@code storage}. */
  public static Tensor of(Storage storage, DType dtype, long... shape) {
    return new Tensor(dtype, shape.clone(), storage, 0, false);
  }

  public DType dtype() {
    return dtype;
  }

  /** A copy of the shape. */
  public long[] shape() {
    return shape.clone();
  }

  /** One dimension; negative counts from the end. */
  public long dim(int axis) {
    return shape[axis < 0 ? shape.length + axis : axis];
  }

  public int rank() {
    return shape.length;
  }

  /** Number of elements. */
  public long size() {
    return size;
  }

  public long bytes() {
    return bytes;
  }

  /** Length of the last dimension. */
  public long columns() {
    return shape.length == 0 ? 1 : shape[shape.length - 1];
  }

  /** Product of all dimensions but the last. */
  public long rows() {
    long c = columns();
    return c == 0 ? 0 : size / c;
  }

  public Storage storage() {
    return storage;
  }

  /** Byte offset of the first element in {@link #storage()}. */
  public long offset() {
    return offset;
  }

  /** True if a tape must carry a gradient to this tensor. */
  public boolean requiresGrad() {
    return requiresGrad;
  }

  /** The same memory, marked as wanting a gradient. */
  public Tensor tracked() {
    return requiresGrad ? this : new Tensor(dtype, shape, storage, offset, true);
  }

  /** The same memory without a wish for a gradient. */
  public Tensor detached() {
    return requiresGrad ? new Tensor(dtype, shape, storage, offset, false) : this;
  }

  /** The same memory under another shape of the same size; carries no gradient. */
  public Tensor view(long... newShape) {
    Tensor view = new Tensor(dtype, newShape.clone(), storage, offset, false);
    if (view.size != size || (dtype.tileRows() > 1 && view.columns() != columns())) {
      throw new IllegalArgumentException(
          "cannot view " + Arrays.toString(shape) + " as " + Arrays.toString(newShape));
    }
    return view;
  }

  /** Rows {@code [from, from + count)} of the first dimension, sharing memory; carries no gradient. */
  public Tensor slice(long from, long count) {
    if (shape.length == 0 || from < 0 || count < 0 || from + count > shape[0]) {
      throw new IndexOutOfBoundsException(
          "rows [" + from + ", " + (from + count) + ") of " + Arrays.toString(shape));
    }
    long[] newShape = shape.clone();
    newShape[0] = count;
    long inner = shape[0] == 0 ? 0 : rows() / shape[0];
    int tile = dtype.tileRows();
    if (from * inner % tile != 0 || (count * inner % tile != 0 && from + count != shape[0])) {
      throw new IllegalArgumentException("cannot cut " + count + " rows at " + from + " out of " + this
          + ": they are stored in tiles of " + tile);
    }
    long bytes = shape.length == 1 ? dtype.bytes(1, from) : dtype.bytes(from * inner, columns());
    return new Tensor(dtype, newShape, storage, offset + bytes, false);
  }

  /** The memory itself, where the host can reach it (not on an accelerator); throws {@link IllegalStateException} after the owning scope was closed. */
  public MemorySegment segment() {
    MemorySegment host = storage.host();
    MemorySegment w = window;
    // Storage that was refilled lies elsewhere.
    if (w == null || windowAge != storage.refills()) {
      w = host.asSlice(offset, bytes());
      window = w;
      windowAge = storage.refills();
    }
    return w;
  }

  /** A copy of the elements of a float32 tensor, from whatever device it is on. */
  public float[] toFloats() {
    require(DType.F32);
    float[] out = new float[Math.toIntExact(size)];
    read(0, MemorySegment.ofArray(out));
    return out;
  }

  /** A copy of the elements of an int32 tensor, from whatever device it is on. */
  public int[] toInts() {
    require(DType.I32);
    int[] out = new int[Math.toIntExact(size)];
    read(0, MemorySegment.ofArray(out));
    return out;
  }

  /** One element of a float32 tensor; many are better taken by {@link #toFloats}, for each call waits for the device. */
  public float get(long index) {
    require(DType.F32);
    Objects.checkIndex(index, size);
    float[] one = new float[1];
    read(index * Float.BYTES, MemorySegment.ofArray(one));
    return one[0];
  }

  /** Copies bytes of this tensor to the host; waits for the device. */
  public void read(long from, MemorySegment target) {
    Objects.checkFromIndexSize(from, target.byteSize(), bytes);
    storage.checkOpen();
    storage.read(offset + from, target);
  }

  /** Copies bytes of the host into this tensor. */
  public void write(MemorySegment source, long to) {
    Objects.checkFromIndexSize(to, source.byteSize(), bytes);
    storage.checkOpen();
    storage.write(source, offset + to);
  }

  private void require(DType wanted) {
    if (dtype != wanted) {
      throw new IllegalArgumentException("a tensor of " + wanted + " is needed, this one is " + dtype);
    }
  }

  @Override
  public String toString() {
    return dtype.shortName() + Arrays.toString(shape);
  }
}
